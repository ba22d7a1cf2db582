CREATE TABLE inventory_core.sync_errors (
    tenant_id     text COLLATE "C" NOT NULL,
    run_id        uuid NOT NULL,
    error_no      integer NOT NULL,
    error_code    text NOT NULL,
    upstream_code text,
    http_status   integer,
    policy_type   text COLLATE "C",
    message       text,
    recorded_at   timestamptz NOT NULL,
    CONSTRAINT sync_errors_pkey PRIMARY KEY (tenant_id, run_id, error_no),
    CONSTRAINT sync_errors_run_fkey FOREIGN KEY (tenant_id, run_id)
        REFERENCES inventory_core.sync_runs (tenant_id, run_id),
    CONSTRAINT sync_errors_error_code_is_known CHECK (error_code IN (
        'auth_failed', 'forbidden', 'not_found', 'throttled', 'service_unavailable', 'timeout', 'network',
        'parse_error', 'upstream_error', 'item_rejected', 'short_of_expected', 'shrink_guard',
        'lease_expired', 'unexpected'))
);
COMMENT ON TABLE inventory_core.sync_errors IS 'What went wrong in a run and was not cured by a retry';
COMMENT ON COLUMN inventory_core.sync_errors.upstream_code IS
    'The code that the caller gave, where it is none of ours';
SELECT pg_extension_config_dump('inventory_core.sync_errors', '');
