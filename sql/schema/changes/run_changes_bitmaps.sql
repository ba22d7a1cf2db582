CREATE TABLE inventory_core_internal.run_changes_bitmaps (
    tenant_id text COLLATE "C" NOT NULL,
    run_id    uuid NOT NULL,
    chunk     integer NOT NULL,
    change    text NOT NULL,
    item_ids  bytea NOT NULL,
    CONSTRAINT run_changes_bitmaps_pkey PRIMARY KEY (tenant_id, run_id, chunk, change),
    CONSTRAINT run_changes_bitmaps_item_ids_are_of_one_chunk CHECK (octet_length(item_ids) <= 8208),
    CONSTRAINT run_changes_bitmaps_run_fkey FOREIGN KEY (tenant_id, run_id)
        REFERENCES inventory_core_internal.sync_runs (tenant_id, run_id),
    CONSTRAINT run_changes_bitmaps_change_is_known
        CHECK (change IN ('added', 'changed', 'reappeared', 'missing', 'removed'))
);
COMMENT ON TABLE inventory_core_internal.run_changes_bitmaps IS 'What each completed run changed, as bitmaps';
COMMENT ON COLUMN inventory_core_internal.run_changes_bitmaps.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.run_changes_bitmaps.run_id IS 'The completed run';
COMMENT ON COLUMN inventory_core_internal.run_changes_bitmaps.chunk IS 'item_id >> 16 of the items';
COMMENT ON COLUMN inventory_core_internal.run_changes_bitmaps.change IS 
    'added, changed, reappeared, missing (not observed) or removed (missing because the API said so)';
COMMENT ON COLUMN inventory_core_internal.run_changes_bitmaps.item_ids IS 'Roaring bitmap of their ids, in the portable format';
SELECT pg_extension_config_dump('inventory_core_internal.run_changes_bitmaps', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.run_changes_bitmaps', delete_access => 'maintainer');
