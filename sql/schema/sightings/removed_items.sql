-- The items of a selection that were removed since they were last observed: each in exactly one set, that of the first and the
-- last run that removed it. A few items of a chunk are stored by blocks, as in last_seen.
CREATE TABLE inventory_core_internal.removed_items (
    tenant_id      text COLLATE "C" NOT NULL,
    selection_hash text COLLATE "C" NOT NULL,
    chunk          integer NOT NULL,
    block          integer NOT NULL,
    first_seq      bigint NOT NULL,
    last_seq       bigint NOT NULL,
    item_ids       bytea NOT NULL,
    CONSTRAINT removed_items_pkey PRIMARY KEY (tenant_id, selection_hash, chunk, block, first_seq, last_seq),
    CONSTRAINT removed_items_last_is_not_before_first CHECK (first_seq <= last_seq),
    CONSTRAINT removed_items_item_ids_are_of_one_chunk CHECK (octet_length(item_ids) <= 8208)
);
COMMENT ON TABLE inventory_core_internal.removed_items IS
    'For each selection, the items that were removed since a run last observed them, as disjoint bitmaps';
COMMENT ON COLUMN inventory_core_internal.removed_items.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.removed_items.selection_hash IS
    'Hash of the selection, as selection_hash() returns it';
COMMENT ON COLUMN inventory_core_internal.removed_items.chunk IS 'item_id >> 16 of the items';
COMMENT ON COLUMN inventory_core_internal.removed_items.block IS
    'The 64 ids of the chunk that the set is restricted to, counted from 0; -1 if it is not restricted';
COMMENT ON COLUMN inventory_core_internal.removed_items.first_seq IS 'run_seq of the first run that removed them';
COMMENT ON COLUMN inventory_core_internal.removed_items.last_seq IS 'run_seq of the last run that removed them';
COMMENT ON COLUMN inventory_core_internal.removed_items.item_ids IS 'Roaring bitmap of their ids, in the portable format';
SELECT pg_extension_config_dump('inventory_core_internal.removed_items', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.removed_items', delete_access => 'writer');
