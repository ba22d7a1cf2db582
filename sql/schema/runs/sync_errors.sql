CREATE TABLE inventory_core_internal.sync_errors (
    tenant_id     text COLLATE "C" NOT NULL,
    run_id        uuid NOT NULL,
    error_no      integer NOT NULL,
    error_code    text NOT NULL,
    upstream_code text,
    http_status   integer,
    policy_type   text COLLATE "C",
    message       text,
    recorded_at   timestamptz NOT NULL,
    by_caller     boolean NOT NULL DEFAULT true,
    CONSTRAINT sync_errors_pkey PRIMARY KEY (tenant_id, run_id, error_no),
    CONSTRAINT sync_errors_run_fkey FOREIGN KEY (tenant_id, run_id)
        REFERENCES inventory_core_internal.sync_runs (tenant_id, run_id),
    CONSTRAINT sync_errors_error_code_is_known CHECK (error_code IN (
        'auth_failed', 'forbidden', 'not_found', 'throttled', 'service_unavailable', 'timeout', 'network',
        'parse_error', 'upstream_error', 'item_rejected', 'short_of_expected', 'shrink_guard',
        'nothing_observed', 'lease_expired', 'unexpected'))
);
COMMENT ON TABLE inventory_core_internal.sync_errors IS 'What went wrong in a run and was not cured by a retry';
COMMENT ON COLUMN inventory_core_internal.sync_errors.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.sync_errors.run_id IS 'The run in which it occurred';
COMMENT ON COLUMN inventory_core_internal.sync_errors.error_no IS 'Number of the error within its run, from 1';
COMMENT ON COLUMN inventory_core_internal.sync_errors.error_code IS 'One of the known codes';
COMMENT ON COLUMN inventory_core_internal.sync_errors.http_status IS 'The status of the API''s answer, if there was one';
COMMENT ON COLUMN inventory_core_internal.sync_errors.policy_type IS
    'The policy type that it concerns; NULL if it concerns all';
COMMENT ON COLUMN inventory_core_internal.sync_errors.message IS
    'What the API or the driver said, redacted and cut to 2,000 characters';
COMMENT ON COLUMN inventory_core_internal.sync_errors.recorded_at IS 'When it was recorded';
COMMENT ON COLUMN inventory_core_internal.sync_errors.by_caller IS
    'Whether the caller recorded it; false if the extension added it, which never locates what a partial run did not list';
COMMENT ON COLUMN inventory_core_internal.sync_errors.upstream_code IS
    'The code that the caller passed, if it is not a known code';
SELECT pg_extension_config_dump('inventory_core_internal.sync_errors', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.sync_errors', delete_access => 'maintainer');
