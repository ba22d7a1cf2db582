-- Refused starts that could not be counted in selections at once, because another transaction had the row there in
-- its hands. The next refusal that gets the row adds them up.
CREATE TABLE inventory_core.refusals (
    tenant_id      text COLLATE "C" NOT NULL,
    selection_hash text COLLATE "C" NOT NULL,
    refusal_id     uuid NOT NULL,
    reason         text NOT NULL,
    refused_at     timestamptz NOT NULL,
    CONSTRAINT refusals_pkey PRIMARY KEY (tenant_id, selection_hash, refusal_id)
);
COMMENT ON TABLE inventory_core.refusals IS 'Refused starts that are not yet counted in selections';
SELECT pg_extension_config_dump('inventory_core.refusals', '');
