CREATE FUNCTION inventory_core.allow_meta(policy_type text, VARIADIC keys text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._require_owner();
    PERFORM inventory_core_internal._check_meta_keys(policy_type, keys);
    INSERT INTO inventory_core_internal.meta_whitelist (policy_type, key)
    SELECT allow_meta.policy_type, k.key FROM unnest(keys) AS k (key)
    ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION inventory_core.allow_meta(text, text[]) IS
    'Puts top-level keys of meta on the whitelist, for all tenants; policy_type * means every type; for the owner of the extension';

CREATE FUNCTION inventory_core.disallow_meta(policy_type text, VARIADIC keys text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._require_owner();
    PERFORM inventory_core_internal._check_meta_keys(policy_type, keys);
    DELETE FROM inventory_core_internal.meta_whitelist AS w
    WHERE w.policy_type = disallow_meta.policy_type AND w.key = ANY (keys);
END
$$;
COMMENT ON FUNCTION inventory_core.disallow_meta(text, text[]) IS
    'Removes keys from the whitelist; stored values stay until their item is next passed with meta';
