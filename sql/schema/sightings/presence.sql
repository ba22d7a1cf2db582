-- The items that a selection knows, and those that are missing by latest_clean. A row is written when they change.
CREATE TABLE inventory_core_internal.presence (
    tenant_id      text COLLATE "C" NOT NULL,
    selection_hash text COLLATE "C" NOT NULL,
    chunk          integer NOT NULL,
    known_ids      bytea NOT NULL,
    missing_ids    bytea NOT NULL,
    CONSTRAINT presence_pkey PRIMARY KEY (tenant_id, selection_hash, chunk)
);
COMMENT ON TABLE inventory_core_internal.presence IS
    'For each selection, the items that it knows, and those that are missing by latest_clean';
COMMENT ON COLUMN inventory_core_internal.presence.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.presence.selection_hash IS 'Hash of the selection, as selection_hash() returns it';
COMMENT ON COLUMN inventory_core_internal.presence.chunk IS 'item_id >> 16 of the items';
COMMENT ON COLUMN inventory_core_internal.presence.known_ids IS
    'Roaring bitmap of the items that a completed run of the selection observed at least once';
COMMENT ON COLUMN inventory_core_internal.presence.missing_ids IS
    'Roaring bitmap of those that are missing by latest_clean';
SELECT pg_extension_config_dump('inventory_core_internal.presence', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.presence', delete_access => 'maintainer');
