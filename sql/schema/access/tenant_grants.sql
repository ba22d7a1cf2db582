-- Which role may bind which tenant. Written by grant_access and revoke_access.
CREATE TABLE inventory_core_internal.tenant_grants (
    tenant_id  text COLLATE "C" NOT NULL,
    role_name  name NOT NULL,
    role_oid   oid NOT NULL,
    access     text NOT NULL,
    granted_at timestamptz NOT NULL,
    CONSTRAINT tenant_grants_pkey PRIMARY KEY (tenant_id, role_name),
    CONSTRAINT tenant_grants_tenant_id_is_a_tenant_or_every
        CHECK (octet_length(tenant_id) BETWEEN 1 AND 255),
    CONSTRAINT tenant_grants_access_is_known CHECK (access IN ('reader', 'writer', 'maintainer'))
);
COMMENT ON TABLE inventory_core_internal.tenant_grants IS
    'Which role may bind which tenant (* = every tenant), and with what access; shows the caller''s own grants';
COMMENT ON COLUMN inventory_core_internal.tenant_grants.tenant_id IS 'The tenant that may be bound; * means every tenant';
COMMENT ON COLUMN inventory_core_internal.tenant_grants.role_name IS 'Name of the role at the time of the grant';
COMMENT ON COLUMN inventory_core_internal.tenant_grants.access IS
    'reader, writer or maintainer; each includes the one before it';
COMMENT ON COLUMN inventory_core_internal.tenant_grants.granted_at IS 'When the grant was last given';
COMMENT ON COLUMN inventory_core_internal.tenant_grants.role_oid IS
    'OID of the role. A grant counts only if name and OID belong to one role: after a restore another role may have '
    'the OID, after DROP ROLE the name';
SELECT pg_extension_config_dump('inventory_core_internal.tenant_grants', '');
-- A scan by role visits only the grants of that role; otherwise a plan would show how many others were filtered out.
CREATE INDEX tenant_grants_role_oid ON inventory_core_internal.tenant_grants (role_oid, tenant_id);
COMMENT ON INDEX inventory_core_internal.tenant_grants_role_oid IS
    'Finds the grants of a role without visiting those of other roles';

CREATE FUNCTION inventory_core_internal._visible_roles() RETURNS oid[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF inventory_core_internal._is_owner() THEN
        RETURN ARRAY(SELECT r.oid FROM pg_roles AS r);
    END IF;
    RETURN inventory_core_internal._usable_roles();
END
$$;
COMMENT ON FUNCTION inventory_core_internal._visible_roles() IS
    'The roles whose grants the current user sees: itself and roles whose privileges it has; the owner sees all';

ALTER TABLE inventory_core_internal.tenant_grants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_grants ON inventory_core_internal.tenant_grants FOR SELECT
    USING (role_oid = ANY (inventory_core_internal._visible_roles())
           AND (inventory_core_internal._grant_counts(role_name::text, role_oid) OR (SELECT inventory_core_internal._is_owner()))
           AND inventory_core_internal._fences_plans());
COMMENT ON POLICY own_grants ON inventory_core_internal.tenant_grants IS
    'A role sees the grants that it may use; the owner of the extension sees the grants of all roles';
CREATE POLICY own_grants_only ON inventory_core_internal.tenant_grants AS RESTRICTIVE FOR SELECT
    USING (inventory_core_internal._grant_counts(role_name::text, role_oid) OR (SELECT inventory_core_internal._is_owner()));
COMMENT ON POLICY own_grants_only ON inventory_core_internal.tenant_grants IS
    'The same as a restriction on every other policy';
SELECT inventory_core_internal._let_owner_write('inventory_core_internal.tenant_grants');
SELECT inventory_core_internal._collect_no_statistics('inventory_core_internal.tenant_grants');

-- Without STRICT and SET search_path, so that the planner inlines it: every function that binds calls it.
CREATE FUNCTION inventory_core_internal._usable_grant(tenant text) RETURNS TABLE (grant_role oid, grant_access text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT g.role_oid, g.access
    FROM inventory_core_internal.tenant_grants AS g
    WHERE g.tenant_id IN (tenant, '*')
      AND inventory_core_internal._grant_counts(g.role_name::text, g.role_oid)
    ORDER BY array_position(ARRAY['maintainer', 'writer', 'reader'], g.access), g.tenant_id, g.role_oid
    LIMIT 1;
END;
COMMENT ON FUNCTION inventory_core_internal._usable_grant(text) IS
    'The strongest grant on a tenant that the current user may use';

CREATE FUNCTION inventory_core.granted_tenants() RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT DISTINCT g.tenant_id
    FROM inventory_core_internal.tenant_grants AS g
    WHERE inventory_core_internal._grant_counts(g.role_name::text, g.role_oid)
    ORDER BY g.tenant_id;
END;
COMMENT ON FUNCTION inventory_core.granted_tenants() IS 'The tenants that the caller may bind; * stands for every tenant';
