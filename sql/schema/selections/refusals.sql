-- Refused starts that could not be counted in selections at once, because another transaction held the row there
-- locked. The next refusal that gets the row adds them up.
CREATE TABLE inventory_core_internal.refusals (
    tenant_id      text COLLATE "C" NOT NULL,
    selection_hash text COLLATE "C" NOT NULL,
    refusal_id     uuid NOT NULL,
    reason         text NOT NULL,
    refused_at     timestamptz NOT NULL,
    CONSTRAINT refusals_pkey PRIMARY KEY (tenant_id, selection_hash, refusal_id)
);
COMMENT ON TABLE inventory_core_internal.refusals IS 'Refused starts that are not yet counted in selections';
COMMENT ON COLUMN inventory_core_internal.refusals.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.refusals.selection_hash IS 'Hash of the selection, as selection_hash() gives it';
COMMENT ON COLUMN inventory_core_internal.refusals.refusal_id IS 'Makes the row one of its own; random';
COMMENT ON COLUMN inventory_core_internal.refusals.reason IS 'Why the start was refused';
COMMENT ON COLUMN inventory_core_internal.refusals.refused_at IS 'When it was refused';
SELECT pg_extension_config_dump('inventory_core_internal.refusals', '');
