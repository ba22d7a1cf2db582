-- A tenant's counter of item ids, and the row that keeps forgetting apart from observing: a batch
-- takes it FOR KEY SHARE, forget_items FOR UPDATE. It comes with the first batch; a tenant without
-- one has not stored anything yet.
CREATE TABLE inventory_core_internal.tenants (
    tenant_id        text COLLATE "C" NOT NULL,
    next_item_id     bigint NOT NULL DEFAULT 1,
    max_running_runs integer,
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenants_tenant_id_is_a_tenant
        CHECK (octet_length(tenant_id) BETWEEN 1 AND 255 AND tenant_id <> '*'),
    CONSTRAINT tenants_max_running_runs_is_a_limit CHECK (max_running_runs BETWEEN -1 AND 1024),
    CONSTRAINT tenants_next_item_id_is_positive CHECK (next_item_id > 0)
) WITH (fillfactor = 50);
COMMENT ON TABLE inventory_core_internal.tenants IS 'Counter of item ids and limits of each tenant';
COMMENT ON COLUMN inventory_core_internal.tenants.tenant_id IS 'Name of the tenant: 1 to 255 bytes, not *';
COMMENT ON COLUMN inventory_core_internal.tenants.next_item_id IS
    'The id that the next new item gets; ids are dense, of this tenant alone and never used again';
COMMENT ON COLUMN inventory_core_internal.tenants.max_running_runs IS
    'Runs at once; NULL means inventory_core.max_running_runs_per_tenant';
SELECT pg_extension_config_dump('inventory_core_internal.tenants', '');
