-- What explain_missing reports for pruned runs: a row for each run since the oldest one that was the last
-- to see an item that is still missing. Nothing else needs a pruned run.
CREATE TABLE inventory_core_internal.pruned_runs (
    tenant_id      text COLLATE "C" NOT NULL,
    selection_hash text COLLATE "C" NOT NULL,
    run_seq        bigint NOT NULL,
    run_id         uuid NOT NULL,
    started_at     timestamptz NOT NULL,
    status         text NOT NULL,
    error_codes    text[] NOT NULL,
    CONSTRAINT pruned_runs_pkey PRIMARY KEY (tenant_id, selection_hash, run_seq),
    CONSTRAINT pruned_runs_selection_fkey FOREIGN KEY (tenant_id, selection_hash)
        REFERENCES inventory_core_internal.selections (tenant_id, selection_hash),
    CONSTRAINT pruned_runs_status_is_completed CHECK (status IN ('success', 'partial', 'failed'))
);
COMMENT ON TABLE inventory_core_internal.pruned_runs IS
    'One row for each pruned run that explain_missing still lists; removed when no item has been missing for that long';
COMMENT ON COLUMN inventory_core_internal.pruned_runs.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.pruned_runs.selection_hash IS 'Hash of the selection, as selection_hash() returns it';
COMMENT ON COLUMN inventory_core_internal.pruned_runs.run_seq IS 'Its number among the runs of the selection';
COMMENT ON COLUMN inventory_core_internal.pruned_runs.run_id IS 'The run that was pruned';
COMMENT ON COLUMN inventory_core_internal.pruned_runs.started_at IS 'When it started';
COMMENT ON COLUMN inventory_core_internal.pruned_runs.status IS 'Its status';
COMMENT ON COLUMN inventory_core_internal.pruned_runs.error_codes IS 'The codes of its errors, each once';
SELECT pg_extension_config_dump('inventory_core_internal.pruned_runs', '');
SELECT inventory_core_internal._fence_table(
    'inventory_core_internal.pruned_runs', delete_access => 'maintainer', write_access => 'maintainer');
