-- What runs set out to list. The row '*' of a tenant is no selection: it stands for the tenant as a
-- whole in last_seen, and is the row that finishing runs of one tenant take in turn.
CREATE TABLE inventory_core_internal.selections (
    tenant_id           text COLLATE "C" NOT NULL,
    selection_hash      text COLLATE "C" NOT NULL,
    selection           jsonb,
    first_run_at        timestamptz,
    refused_count       bigint NOT NULL DEFAULT 0,
    last_refused_reason text,
    last_refused_at     timestamptz,
    cursor              text,
    CONSTRAINT selections_pkey PRIMARY KEY (tenant_id, selection_hash),
    CONSTRAINT selections_hash_is_sha256_or_every
        CHECK (selection_hash ~ '^[0-9a-f]{64}$' OR selection_hash = '*'),
    CONSTRAINT selections_cursor_fits CHECK (octet_length(cursor) BETWEEN 1 AND 8192),
    CONSTRAINT selections_selection_is_an_object
        CHECK (CASE WHEN selection_hash = '*' THEN selection IS NULL
                    ELSE jsonb_typeof(selection) IS NOT DISTINCT FROM 'object' END)
);
COMMENT ON TABLE inventory_core_internal.selections IS
    'Selections of each tenant, with the starts that were refused; * stands for the tenant as a whole';
COMMENT ON COLUMN inventory_core_internal.selections.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.selections.selection_hash IS
    'Hash of the selection, as selection_hash() gives it; * for the tenant as a whole';
COMMENT ON COLUMN inventory_core_internal.selections.selection IS 'The selection as its first caller spelled it';
COMMENT ON COLUMN inventory_core_internal.selections.first_run_at IS
    'Start of its first run; NULL where every start was refused';
COMMENT ON COLUMN inventory_core_internal.selections.refused_count IS
    'Starts that were refused, but for those that still stand in refusals';
COMMENT ON COLUMN inventory_core_internal.selections.last_refused_reason IS 'Why the last of them was refused';
COMMENT ON COLUMN inventory_core_internal.selections.last_refused_at IS 'When the last of them was refused';
COMMENT ON COLUMN inventory_core_internal.selections.cursor IS
    'What the API gave to ask for later changes with, as stored by the last clean run that gave one; opaque';
SELECT pg_extension_config_dump('inventory_core_internal.selections', '');
