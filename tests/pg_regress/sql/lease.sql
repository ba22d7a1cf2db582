-- The lease: prolonged by batches and heartbeats; when it has expired, the next start takes over. What the dead run saw counts.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'lease', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set hash 'selection_hash(''{"a": 1}'')'

SET inventory_core.clock = '2026-01-01 12:00:00+00';
SELECT run_id AS run FROM start_run('lease', '{"a": 1}') \gset
SELECT lease_expires_at FROM inventory_sync_runs('lease');
SET inventory_core.clock = '2026-01-01 12:05:00+00';
SELECT heartbeat('lease', :'run');
SET inventory_core.clock = '2026-01-01 12:10:00+00';
SELECT observed FROM upsert_items('lease', :'run', '[{"policy_type": "d", "external_id": "1"}]');
SELECT lease_expires_at FROM inventory_sync_runs('lease');
SELECT lease_expires_at FROM run_progress('lease');
-- A clock that was set back does not shorten it.
SET inventory_core.clock = '2026-01-01 11:00:00+00';
SELECT heartbeat('lease', :'run');

-- Not yet.
SET inventory_core.clock = '2026-01-01 12:24:59+00';
SELECT status, reason, blocking_run_id = :'run' AS blocking, retry_after FROM start_run('lease', '{"a": 1}');
SELECT reap_expired_runs('lease');

-- Expired alone changes nothing: until somebody takes over, the owner may carry on.
SET inventory_core.clock = '2026-01-01 13:00:00+00';
SELECT status FROM inventory_sync_runs('lease');
SELECT observed FROM upsert_items('lease', :'run', '[{"policy_type": "d", "external_id": "2"}]');
SELECT lease_expires_at FROM inventory_sync_runs('lease');

-- Taken over.
SET inventory_core.clock = '2026-01-01 13:15:00+00';
SELECT run_id AS run2, status, reason, blocking_run_id, retry_after FROM start_run('lease', '{"a": 1}') \gset
SELECT run_seq, status, had_errors, error_codes, finished_at, observed_count, inserted_count FROM inventory_sync_runs('lease') ORDER BY run_seq;
SELECT latest_status, running_run_id = :'run2' AS running, known_items, observed_items, missing_items, confidence, reasons
FROM selection_status('lease', :hash);
-- Too late for its owner, whatever it calls; nothing is stored.
SELECT * FROM upsert_items('lease', :'run', '[{"policy_type": "d", "external_id": "3"}]');
SELECT heartbeat('lease', :'run');
SELECT record_error('lease', :'run');
SELECT finish_run('lease', :'run');
SELECT finish_run('lease', :'run', 'failed');
SELECT external_id FROM inventory_items('lease') ORDER BY external_id;

-- reap_expired_runs does the same without a start, for every selection of the tenant.
SELECT status FROM start_run('lease', '{"b": 1}', lease => '1 hour');
SET inventory_core.clock = '2026-01-01 13:30:00+00';
SELECT reap_expired_runs('lease');
SELECT reap_expired_runs('lease');
SELECT selection, run_seq, status, error_codes FROM inventory_sync_runs('lease') ORDER BY selection::text, run_seq;
SELECT error_no, error_code, upstream_code, http_status, policy_type, message, recorded_at FROM inventory_sync_errors('lease') WHERE run_id = :'run2';
SELECT reap_expired_runs(NULL);

-- The default is a setting that a plain role cannot change.
SET inventory_core.lease = '1h';
