-- What the API reported as removed. While a run is running, one row for each call of remove_items and chunk; when it ends, one
-- row for each chunk: what it ended with removed, which explain_missing shows.
CREATE TABLE inventory_core_internal.removals (
    tenant_id      text COLLATE "C" NOT NULL,
    selection_hash text COLLATE "C" NOT NULL,
    run_seq        bigint NOT NULL,
    chunk          integer NOT NULL,
    part           uuid NOT NULL,
    item_ids       bytea NOT NULL,
    earlier_parts  uuid[],
    CONSTRAINT removals_pkey PRIMARY KEY (tenant_id, selection_hash, run_seq, chunk, part),
    CONSTRAINT removals_item_ids_are_of_one_chunk CHECK (octet_length(item_ids) <= 8208)
);
COMMENT ON TABLE inventory_core_internal.removals IS 'Which items the API reported as removed in each run, as bitmaps';
COMMENT ON COLUMN inventory_core_internal.removals.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.removals.selection_hash IS 'Hash of the selection, as selection_hash() returns it';
COMMENT ON COLUMN inventory_core_internal.removals.run_seq IS 'The run that was told so';
COMMENT ON COLUMN inventory_core_internal.removals.chunk IS 'item_id >> 16 of the items';
COMMENT ON COLUMN inventory_core_internal.removals.part IS 'Identifies the call; all zeros once the run has ended';
COMMENT ON COLUMN inventory_core_internal.removals.item_ids IS 'Roaring bitmap of their ids, in the portable format';
COMMENT ON COLUMN inventory_core_internal.removals.earlier_parts IS
    'Batches of the run that observed some of the items and were committed before the call; NULL once the run has ended';
SELECT pg_extension_config_dump('inventory_core_internal.removals', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.removals', delete_access => 'writer');
