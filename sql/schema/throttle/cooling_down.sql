CREATE FUNCTION inventory_core_internal._check_scope(scope text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._require('scope', scope IS NOT NULL);
    IF octet_length(scope) NOT BETWEEN 1 AND 255 THEN
        RAISE EXCEPTION 'invalid scope'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('It has %s bytes.', octet_length(scope)),
                  HINT = 'A scope is a text of 1 to 255 bytes; * covers all.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._check_scope(text) IS 'Raises 22004 or 22023 for an invalid scope';

CREATE FUNCTION inventory_core_internal._cooling_down(tenant text, scope text) RETURNS interval
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    span interval;
BEGIN
    SELECT max(c.until) - inventory_core_internal._now() INTO span
    FROM inventory_core_internal.cooldowns AS c
    WHERE c.tenant_id = tenant AND c.scope IN ('*', _cooling_down.scope);
    RETURN CASE WHEN span > interval '0' THEN span END;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._cooling_down(text, text) IS
'How long to wait before the next request of a tenant in a scope; NULL means do not wait';

CREATE FUNCTION inventory_core.cooling_down(tenant text, scope text DEFAULT '*') RETURNS interval
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core.set_tenant(tenant);
    PERFORM inventory_core_internal._check_scope(scope);
    RETURN inventory_core_internal._cooling_down(tenant, scope);
END
$$;
COMMENT ON FUNCTION inventory_core.cooling_down(text, text) IS
    'How long to wait because the API throttled this tenant; NULL means do not wait. Call it before each page';

CREATE FUNCTION inventory_core.end_cooldown(tenant text, scope text DEFAULT '*') RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    was_cooling boolean;
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant, 'maintainer');
    PERFORM inventory_core_internal._check_scope(end_cooldown.scope);
    DELETE FROM inventory_core_internal.cooldowns AS c
    WHERE c.tenant_id = tenant AND c.scope = end_cooldown.scope
    RETURNING c.until > inventory_core_internal._now() INTO was_cooling;
    RETURN coalesce(was_cooling, false);
END
$$;
COMMENT ON FUNCTION inventory_core.end_cooldown(text, text) IS
    'Ends the wait of a scope early; returns whether there was one';
