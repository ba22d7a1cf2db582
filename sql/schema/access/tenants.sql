-- A tenant's counter of item ids. The tenant's first new item creates the row.
CREATE TABLE inventory_core_internal.tenants (
    tenant_id    text COLLATE "C" NOT NULL,
    next_item_id bigint NOT NULL DEFAULT 1,
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenants_tenant_id_is_a_tenant
        CHECK (octet_length(tenant_id) BETWEEN 1 AND 255 AND tenant_id <> '*'),
    CONSTRAINT tenants_next_item_id_is_positive CHECK (next_item_id > 0)
) WITH (fillfactor = 50);
COMMENT ON TABLE inventory_core_internal.tenants IS 'The counter of item ids of each tenant';
COMMENT ON COLUMN inventory_core_internal.tenants.tenant_id IS 'Name of the tenant: 1 to 255 bytes, not *';
COMMENT ON COLUMN inventory_core_internal.tenants.next_item_id IS
    'The id that the next new item gets; ids are dense within the tenant and never reused';
SELECT pg_extension_config_dump('inventory_core_internal.tenants', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.tenants', delete_access => 'maintainer');

-- A role that was granted every tenant may bind each of them, but has to learn their names. While _bind_every has bound it
-- to *, it sees all rows of this table; so does the owner of the extension.
-- The policy compares with a range, which an index serves as well as a single name.
ALTER POLICY tenant_rows ON inventory_core_internal.tenants
    USING (tenant_id >= (SELECT inventory_core_internal._first_listed_tenant())
           AND tenant_id <= (SELECT inventory_core_internal._last_listed_tenant()));
ALTER POLICY tenant_rows_only ON inventory_core_internal.tenants
    USING ((SELECT inventory_core_internal._first_listed_tenant()) <= tenant_id
           AND (SELECT inventory_core_internal._last_listed_tenant()) >= tenant_id AND inventory_core_internal._fences_plans());
-- From a range the planner derives no comparison that it could evaluate before it scans (see _fence_table). From these two
-- policies it does: all rows of the table have the table's OID in common.
CREATE POLICY bound_at_all ON inventory_core_internal.tenants AS RESTRICTIVE
    USING (tableoid = (SELECT 'inventory_core_internal.tenants'::regclass
                       WHERE inventory_core_internal._first_listed_tenant() IS NOT NULL));
COMMENT ON POLICY bound_at_all ON inventory_core_internal.tenants IS 'Requires a bound tenant, however the table is read';
CREATE POLICY bound_at_all_first ON inventory_core_internal.tenants AS RESTRICTIVE
    USING ((SELECT 'inventory_core_internal.tenants'::regclass
            WHERE inventory_core_internal._first_listed_tenant() IS NOT NULL) = tableoid);
COMMENT ON POLICY bound_at_all_first ON inventory_core_internal.tenants IS
    'The same with the operands exchanged, so that it is evaluated before the table is read';
