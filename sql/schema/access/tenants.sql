-- A tenant's counter of item ids. The row comes with the tenant's first new item.
CREATE TABLE inventory_core_internal.tenants (
    tenant_id    text COLLATE "C" NOT NULL,
    next_item_id bigint NOT NULL DEFAULT 1,
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenants_tenant_id_is_a_tenant
        CHECK (octet_length(tenant_id) BETWEEN 1 AND 255 AND tenant_id <> '*'),
    CONSTRAINT tenants_next_item_id_is_positive CHECK (next_item_id > 0)
) WITH (fillfactor = 50);
COMMENT ON TABLE inventory_core_internal.tenants IS 'Counter of item ids of each tenant';
COMMENT ON COLUMN inventory_core_internal.tenants.tenant_id IS 'Name of the tenant: 1 to 255 bytes, not *';
COMMENT ON COLUMN inventory_core_internal.tenants.next_item_id IS
    'The id that the next new item gets; ids are dense, of this tenant alone and never used again';
SELECT pg_extension_config_dump('inventory_core_internal.tenants', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.tenants', delete_access => 'maintainer');

-- A role that was granted every tenant may bind each of them, but has to learn their names. Bound to * by _bind_every, it
-- sees this one table whole; so does the owner of the extension.
-- A range, which an index serves as well as a single name.
ALTER POLICY tenant_rows ON inventory_core_internal.tenants
    USING (tenant_id >= (SELECT inventory_core_internal._first_listed_tenant())
           AND tenant_id <= (SELECT inventory_core_internal._last_listed_tenant()));
ALTER POLICY tenant_rows_only ON inventory_core_internal.tenants
    USING ((SELECT inventory_core_internal._first_listed_tenant()) <= tenant_id
           AND (SELECT inventory_core_internal._last_listed_tenant()) >= tenant_id AND inventory_core_internal._fences_plans());
-- From a range the planner derives no comparison that it asks before it scans (see _fence_table). From these two it does:
-- the table's own OID is what all its rows have in common.
CREATE POLICY bound_at_all ON inventory_core_internal.tenants AS RESTRICTIVE
    USING (tableoid = (SELECT 'inventory_core_internal.tenants'::regclass
                       WHERE inventory_core_internal._first_listed_tenant() IS NOT NULL));
COMMENT ON POLICY bound_at_all ON inventory_core_internal.tenants IS 'Asks for a bound tenant, whichever way the table is read';
CREATE POLICY bound_at_all_first ON inventory_core_internal.tenants AS RESTRICTIVE
    USING ((SELECT 'inventory_core_internal.tenants'::regclass
            WHERE inventory_core_internal._first_listed_tenant() IS NOT NULL) = tableoid);
COMMENT ON POLICY bound_at_all_first ON inventory_core_internal.tenants IS
    'The same turned round, so that it is asked before the table is read';
