-- Every item that a completed run of a selection observed is in exactly one set of the selection: that
-- of the run that last saw it. The selection '*' holds the same for the tenant as a whole. The few items that a delta run
-- saw in a chunk are stored by blocks of 64 ids: so the next one reads at most 64 sets for each of its items, and not one for
-- each delta run before it.
CREATE TABLE inventory_core_internal.last_seen (
    tenant_id      text COLLATE "C" NOT NULL,
    selection_hash text COLLATE "C" NOT NULL,
    chunk          integer NOT NULL,
    block          integer NOT NULL,
    run_id         uuid NOT NULL,
    item_ids       bytea NOT NULL,
    CONSTRAINT last_seen_pkey PRIMARY KEY (tenant_id, selection_hash, chunk, block, run_id),
    CONSTRAINT last_seen_item_ids_are_of_one_chunk CHECK (octet_length(item_ids) <= 8208),
    CONSTRAINT last_seen_run_fkey FOREIGN KEY (tenant_id, run_id)
        REFERENCES inventory_core_internal.sync_runs (tenant_id, run_id)
);
COMMENT ON TABLE inventory_core_internal.last_seen IS
    'For each selection and run, the items that this run was the last to see, as disjoint bitmaps';
COMMENT ON COLUMN inventory_core_internal.last_seen.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.last_seen.selection_hash IS
    'Hash of the selection, as selection_hash() returns it; * for the tenant as a whole';
COMMENT ON COLUMN inventory_core_internal.last_seen.chunk IS 'item_id >> 16 of the items';
COMMENT ON COLUMN inventory_core_internal.last_seen.block IS
    'The 64 ids of the chunk that the set is restricted to, counted from 0; -1 if it is not restricted';
COMMENT ON COLUMN inventory_core_internal.last_seen.run_id IS 'The run that was the last to see them';
COMMENT ON COLUMN inventory_core_internal.last_seen.item_ids IS 'Roaring bitmap of their ids, in the portable format';
SELECT pg_extension_config_dump('inventory_core_internal.last_seen', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.last_seen', delete_access => 'writer');
