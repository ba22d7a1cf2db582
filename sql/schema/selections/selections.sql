-- What runs set out to list. The first run of a selection creates its row.
CREATE TABLE inventory_core_internal.selections (
    tenant_id           text COLLATE "C" NOT NULL,
    selection_hash      text COLLATE "C" NOT NULL,
    selection           jsonb NOT NULL,
    first_run_at        timestamptz NOT NULL,
    refused_count       bigint NOT NULL DEFAULT 0,
    last_refused_reason text,
    last_refused_at     timestamptz,
    cursor              text,
    CONSTRAINT selections_pkey PRIMARY KEY (tenant_id, selection_hash),
    CONSTRAINT selections_hash_is_sha256 CHECK (selection_hash ~ '^[0-9a-f]{64}$'),
    CONSTRAINT selections_cursor_fits CHECK (octet_length(cursor) BETWEEN 1 AND 8192),
    CONSTRAINT selections_selection_is_an_object CHECK (jsonb_typeof(selection) = 'object')
);
COMMENT ON TABLE inventory_core_internal.selections IS 'Selections of each tenant, with the number of refused starts';
COMMENT ON COLUMN inventory_core_internal.selections.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.selections.selection_hash IS
    'Hash of the selection, as selection_hash() returns it';
COMMENT ON COLUMN inventory_core_internal.selections.selection IS 'The selection as its first caller wrote it';
COMMENT ON COLUMN inventory_core_internal.selections.first_run_at IS 'Start of its first run';
COMMENT ON COLUMN inventory_core_internal.selections.refused_count IS
    'Refused starts, except those still in refusals';
COMMENT ON COLUMN inventory_core_internal.selections.last_refused_reason IS 'Why the last of them was refused';
COMMENT ON COLUMN inventory_core_internal.selections.last_refused_at IS 'When the last of them was refused';
COMMENT ON COLUMN inventory_core_internal.selections.cursor IS
    'What the API returned for listing later changes, stored by the last clean run that passed one; opaque';
SELECT pg_extension_config_dump('inventory_core_internal.selections', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.selections', delete_access => 'maintainer');
