-- The items of each policy type, as bitmaps, so that questions by type visit no item. Items that a running or unfolded run
-- inserted are still in run_parts.
CREATE TABLE inventory_core_internal.item_types (
    tenant_id   text COLLATE "C" NOT NULL,
    chunk       integer NOT NULL,
    policy_type text COLLATE "C" NOT NULL,
    item_ids    bytea NOT NULL,
    CONSTRAINT item_types_pkey PRIMARY KEY (tenant_id, chunk, policy_type)
);
-- The ids of a list that mixes its types do not compress, and trying costs more than the rest of the end of a first run.
ALTER TABLE inventory_core_internal.item_types ALTER COLUMN item_ids SET STORAGE EXTERNAL;
COMMENT ON TABLE inventory_core_internal.item_types IS 'The items of each policy type, as disjoint bitmaps';
COMMENT ON COLUMN inventory_core_internal.item_types.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.item_types.chunk IS 'item_id >> 16 of the items';
COMMENT ON COLUMN inventory_core_internal.item_types.policy_type IS 'The type of the items';
COMMENT ON COLUMN inventory_core_internal.item_types.item_ids IS 'Roaring bitmap of their ids, in the portable format';
SELECT pg_extension_config_dump('inventory_core_internal.item_types', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.item_types', delete_access => 'maintainer');
