CREATE TABLE inventory_core_internal.sync_runs (
    tenant_id         text COLLATE "C" NOT NULL,
    run_id            uuid NOT NULL,
    selection_hash    text COLLATE "C" NOT NULL,
    run_seq           bigint NOT NULL,
    start_no          bigint NOT NULL,
    first_new_item_id bigint NOT NULL,
    status            text NOT NULL DEFAULT 'running',
    request_id        uuid,
    correlation_id    text,
    scope             text NOT NULL,
    mode              text NOT NULL DEFAULT 'full',
    policy_types      text[] COLLATE "C",
    running_number    integer,
    started_at        timestamptz NOT NULL,
    finished_at       timestamptz,
    taken_over        boolean NOT NULL DEFAULT false,
    lease             interval NOT NULL,
    lease_expires_at  timestamptz NOT NULL,
    observed_count    bigint,
    inserted_count    bigint,
    updated_count     bigint,
    unchanged_count   bigint,
    removed_count     bigint,
    expected_items    bigint,
    is_clean          boolean,
    redacted_values   bigint NOT NULL DEFAULT 0,
    CONSTRAINT sync_runs_pkey PRIMARY KEY (tenant_id, run_id),
    CONSTRAINT sync_runs_run_seq_is_unique UNIQUE (tenant_id, selection_hash, run_seq),
    CONSTRAINT sync_runs_request_id_is_unique UNIQUE (tenant_id, request_id),
    CONSTRAINT sync_runs_selection_fkey FOREIGN KEY (tenant_id, selection_hash)
        REFERENCES inventory_core_internal.selections (tenant_id, selection_hash),
    CONSTRAINT sync_runs_status_is_known CHECK (inventory_core_internal._is_run_status(status)),
    CONSTRAINT sync_runs_completed_has_its_end_and_counts
        CHECK (status = 'running' OR (finished_at IS NOT NULL AND observed_count IS NOT NULL)),
    CONSTRAINT sync_runs_counts_add_up
        CHECK (observed_count = inserted_count + updated_count + unchanged_count),
    CONSTRAINT sync_runs_mode_is_full_or_delta_without_types CHECK (mode = 'full' OR mode = 'delta' AND policy_types IS NULL),
    CONSTRAINT sync_runs_correlation_id_is_short CHECK (length(correlation_id) <= 1000),
    CONSTRAINT sync_runs_lease_is_positive CHECK (inventory_core_internal._is_lease(lease)),
    CONSTRAINT sync_runs_running_number_is_one CHECK (running_number > 0),
    CONSTRAINT sync_runs_times_are_plausible CHECK (
        inventory_core_internal._is_storable_time(started_at)
        AND inventory_core_internal._is_storable_time(lease_expires_at)
        AND inventory_core_internal._is_storable_time(finished_at))
) WITH (fillfactor = 80);
COMMENT ON TABLE inventory_core_internal.sync_runs IS 'One row for each attempt to list a selection';
COMMENT ON COLUMN inventory_core_internal.sync_runs.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.sync_runs.run_id IS 'Id of the run; random';
COMMENT ON COLUMN inventory_core_internal.sync_runs.selection_hash IS 'Hash of the selection, as selection_hash() returns it';
COMMENT ON COLUMN inventory_core_internal.sync_runs.status IS 'running, then success, partial or failed';
COMMENT ON COLUMN inventory_core_internal.sync_runs.request_id IS
    'Given by the caller, so that a start can be repeated after a lost reply';
COMMENT ON COLUMN inventory_core_internal.sync_runs.correlation_id IS 'The caller''s label, redacted; never matched on';
COMMENT ON COLUMN inventory_core_internal.sync_runs.scope IS
'Which part of the API the run uses; runs of one scope share its waits';
COMMENT ON COLUMN inventory_core_internal.sync_runs.mode IS
    'full: the run lists everything; delta: it lists what changed since the cursor of the selection';
COMMENT ON COLUMN inventory_core_internal.sync_runs.policy_types IS
    'The policy types that a full run covers, sorted, each once; NULL if it covers every type';
COMMENT ON COLUMN inventory_core_internal.sync_runs.removed_count IS 'Items that the API reported as removed';
COMMENT ON COLUMN inventory_core_internal.sync_runs.is_clean IS
    'Whether it ended as success without an error; NULL while it is running';
COMMENT ON COLUMN inventory_core_internal.sync_runs.started_at IS 'When it started; what it saw counts as seen at this time';
COMMENT ON COLUMN inventory_core_internal.sync_runs.finished_at IS 'When it ended; NULL while it is running';
COMMENT ON COLUMN inventory_core_internal.sync_runs.lease IS 'How long the run may be silent';
COMMENT ON COLUMN inventory_core_internal.sync_runs.observed_count IS
    'Distinct items; NULL while it is running, as are the next three counts';
COMMENT ON COLUMN inventory_core_internal.sync_runs.inserted_count IS 'Items that were new';
COMMENT ON COLUMN inventory_core_internal.sync_runs.updated_count IS 'Items that were known and changed';
COMMENT ON COLUMN inventory_core_internal.sync_runs.unchanged_count IS 'Items that were known and the same';
COMMENT ON COLUMN inventory_core_internal.sync_runs.expected_items IS 'How many items the caller said there should be';
COMMENT ON COLUMN inventory_core_internal.sync_runs.run_seq IS
    'Number of the run within its selection; a gap is a pruned run. It defines the order of runs; no clock does';
COMMENT ON COLUMN inventory_core_internal.sync_runs.start_no IS
    'Orders the runs of all selections of a tenant: one more than that of any run visible at the start';
COMMENT ON COLUMN inventory_core_internal.sync_runs.first_new_item_id IS
    'The tenant''s next item id at the start: items with this id or a higher one were added after the start';
COMMENT ON COLUMN inventory_core_internal.sync_runs.taken_over IS
    'Closed by another session because its lease had expired; later calls of its owner are refused';
COMMENT ON COLUMN inventory_core_internal.sync_runs.running_number IS
    'Number among the running runs of the tenant, from 1 to its limit; NULL if there was no limit';
COMMENT ON COLUMN inventory_core_internal.sync_runs.lease_expires_at IS
    'End of the lease as of start, heartbeats and waits; the batches of a running run prolong it (run_parts)';
COMMENT ON COLUMN inventory_core_internal.sync_runs.redacted_values IS
    'How many values were redacted before they were written: the correlation id and, once the run has ended, strings of meta';
SELECT pg_extension_config_dump('inventory_core_internal.sync_runs', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.sync_runs', delete_access => 'maintainer');

-- This index guarantees at most one running run of a selection.
CREATE UNIQUE INDEX sync_runs_one_running_run
    ON inventory_core_internal.sync_runs (tenant_id, selection_hash) WHERE status = 'running';
COMMENT ON INDEX inventory_core_internal.sync_runs_one_running_run IS 'At most one running run of a selection';
-- The tenant's limit: each running run has a number, and no two have the same.
CREATE UNIQUE INDEX sync_runs_one_run_a_number
    ON inventory_core_internal.sync_runs (tenant_id, running_number) WHERE status = 'running';
COMMENT ON INDEX inventory_core_internal.sync_runs_one_run_a_number IS
'The tenant''s limit: no two running runs have the same number';
CREATE INDEX sync_runs_start_no ON inventory_core_internal.sync_runs (tenant_id, start_no);
COMMENT ON INDEX inventory_core_internal.sync_runs_start_no IS 'Finds the next start_no, and orders the runs of a tenant';
