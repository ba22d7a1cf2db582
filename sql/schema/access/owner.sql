CREATE FUNCTION inventory_core_internal._require_owner() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT inventory_core_internal._is_owner() THEN
        RAISE EXCEPTION 'must be owner of extension inventory_core'
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = format('%I does not have the privileges of the owner.', current_user),
                  HINT = 'Call the function as the owner of the extension, or as a superuser.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._require_owner() IS
    'Raises 42501 unless the caller has the privileges of the owner of the extension';

CREATE FUNCTION inventory_core_internal._let_owner_write(owned_table regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    command text;
BEGIN
    FOR command IN VALUES ('INSERT'), ('UPDATE'), ('DELETE') LOOP
        EXECUTE format($policies$
            CREATE POLICY owner_may_%2$s ON %1$s FOR %3$s %4$s;
            CREATE POLICY only_owner_may_%2$s ON %1$s AS RESTRICTIVE FOR %3$s %4$s;
            COMMENT ON POLICY owner_may_%2$s ON %1$s IS 'The owner of the extension writes this table';
            COMMENT ON POLICY only_owner_may_%2$s ON %1$s IS 'The same as a restriction on every other policy';
            $policies$, owned_table, lower(command), command,
            CASE command WHEN 'INSERT' THEN 'WITH CHECK' ELSE 'USING' END || ' ((SELECT inventory_core_internal._is_owner()))');
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._let_owner_write(regclass) IS
    'Policies that let only the owner of the extension write a table, whatever privileges a role has on it';
