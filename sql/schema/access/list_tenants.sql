-- Lists of all tenants. A tenant is listed from its first item or its first finished run on.

CREATE FUNCTION inventory_core_internal._every_tenant() RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_superuser CONSTANT boolean := (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user);
    tenants text[];
BEGIN
    IF NOT is_superuser THEN
        PERFORM inventory_core_internal._bind_every();
    END IF;
    -- selections, for a superuser: the first run of a tenant may still be running
    tenants := ARRAY(SELECT t.tenant_id FROM inventory_core_internal.tenants AS t
                     UNION
                     SELECT s.tenant_id FROM inventory_core_internal.selections AS s
                     ORDER BY 1);
    IF NOT is_superuser THEN
        PERFORM inventory_core.clear_tenant();
    END IF;
    RETURN tenants;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._every_tenant() IS
    'All tenants, for a superuser or a role that was granted every tenant; for others 42501';

CREATE FUNCTION inventory_core.tenants() RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    granted CONSTANT text[] := ARRAY(SELECT inventory_core.granted_tenants());
    listed text[] := '{}';
BEGIN
    IF '*' = ANY (granted) OR (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user) THEN
        listed := inventory_core_internal._every_tenant();
    END IF;
    RETURN QUERY
    SELECT DISTINCT t.tenant_id COLLATE "C"
    FROM unnest(listed || granted) AS t (tenant_id)
    WHERE t.tenant_id <> '*'
    ORDER BY 1;
END
$$;
COMMENT ON FUNCTION inventory_core.tenants() IS
    'The tenants that the caller may bind by name; a role that was granted every tenant (*) sees all that have data';
