-- What Citus distributes: a table without rows, whose shards say which node has which tenants. The tables with rows stay
-- ordinary tables of each node (docs/scaling.md). tenant_id has no COLLATE "C", because Citus distributes by a column that has
-- the default collation of its type.
CREATE TABLE inventory_core_internal.tenant_home (
    tenant_id text NOT NULL,
    CONSTRAINT tenant_home_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenant_home_has_no_row CHECK (false)
);
COMMENT ON TABLE inventory_core_internal.tenant_home IS 'Has no row: distributed by Citus, its shards say where tenants are';
COMMENT ON COLUMN inventory_core_internal.tenant_home.tenant_id IS 'Name of the tenant';
ALTER TABLE inventory_core_internal.tenant_home ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY nobody ON inventory_core_internal.tenant_home AS RESTRICTIVE USING (false);
COMMENT ON POLICY nobody ON inventory_core_internal.tenant_home IS 'The table has no row';
SELECT inventory_core_internal._collect_no_statistics('inventory_core_internal.tenant_home');
