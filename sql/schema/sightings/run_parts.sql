-- What the batches of a running run saw. Rows are only inserted, so that parallel writers of one run
-- never wait for each other; lease and counts of a running run are read from here. When the run is
-- closed, its parts are folded into last_seen and deleted, at once or at the end of a later run.
CREATE TABLE inventory_core_internal.run_parts (
    tenant_id   text COLLATE "C" NOT NULL,
    run_id      uuid NOT NULL,
    part        uuid NOT NULL,
    chunk       integer NOT NULL,
    kind        text NOT NULL,
    policy_type text COLLATE "C" NOT NULL DEFAULT '',
    item_ids    bytea NOT NULL,
    recorded_at timestamptz NOT NULL,
    redacted_values integer NOT NULL DEFAULT 0,
    CONSTRAINT run_parts_pkey PRIMARY KEY (tenant_id, run_id, part, chunk, kind, policy_type),
    CONSTRAINT run_parts_recorded_at_is_plausible CHECK (inventory_core_internal._is_storable_time(recorded_at)),
    CONSTRAINT run_parts_item_ids_are_of_one_chunk CHECK (octet_length(item_ids) <= 8208),
    CONSTRAINT run_parts_kind_is_known CHECK (inventory_core_internal._is_part_kind(kind))
);
COMMENT ON TABLE inventory_core_internal.run_parts IS 'Which items the batches of a running run saw, as bitmaps';
COMMENT ON COLUMN inventory_core_internal.run_parts.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.run_parts.run_id IS 'The run that the batch belongs to';
COMMENT ON COLUMN inventory_core_internal.run_parts.chunk IS 'item_id >> 16 of the items';
COMMENT ON COLUMN inventory_core_internal.run_parts.kind IS 'What the batch did with them: inserted, updated, unchanged';
COMMENT ON COLUMN inventory_core_internal.run_parts.policy_type IS
    'The type of inserted items, until they are folded into item_types; empty for other kinds, whose types are known';
COMMENT ON COLUMN inventory_core_internal.run_parts.item_ids IS 'Roaring bitmap of the ids, in the portable format';
COMMENT ON COLUMN inventory_core_internal.run_parts.recorded_at IS 'When the batch came; the lease runs from this time';
COMMENT ON COLUMN inventory_core_internal.run_parts.part IS 'Identifies the batch';
COMMENT ON COLUMN inventory_core_internal.run_parts.redacted_values IS
    'How many string values of meta the batch redacted; on one row of the batch, 0 on the others';
SELECT pg_extension_config_dump('inventory_core_internal.run_parts', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.run_parts', delete_access => 'writer');
