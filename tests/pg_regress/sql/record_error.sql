-- record_error: never fails on content; what retries did not cure lowers the confidence in the run.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'record_error', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET inventory_core.clock = '2026-01-01 12:00:00+00';
SELECT run_id AS run FROM start_run('record_error', '{}') \gset

-- A known code; none, from the status; neither.
SELECT record_error('record_error', :'run', 'parse_error') \gset
SELECT record_error('record_error', :'run', http_status => 429, policy_type => 'vm') \gset
SELECT record_error('record_error', :'run', 'forbidden', http_status => 500) \gset
SELECT record_error('record_error', :'run') \gset
-- Content that is none of ours: stored as unexpected.
SELECT record_error('record_error', :'run', 'E1234') \gset
SELECT record_error('record_error', :'run', '') \gset
SELECT record_error('record_error', :'run', 'Timeout', repeat('m', 100000), -1, '') \gset
SELECT record_error('record_error', :'run', repeat('c', 100000), E'line\n\x01', 2147483647, repeat('ü', 5000)) \gset
SELECT error_no, error_code, http_status, left(policy_type, 2) AS policy_type, recorded_at FROM inventory_sync_errors('record_error') ORDER BY error_no;
SELECT had_errors, error_codes, error_count FROM inventory_sync_runs('record_error');

-- Texts are redacted before they are stored, and cut after: what a secret was is left, no part of it.
SELECT record_error('record_error', :'run', 'Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0',
                    'GET https://bob:hunter2secret@api.example.com/v1?sig=c2VjcmV0c2VjcmV0 gave 401, request id 9f1c2d34-0000-4000-8000-1234567890ab', 401) \gset
SELECT record_error('record_error', :'run', 'odd', repeat('a ', 999) || 'password=hunter2secret') \gset
SELECT error_code, upstream_code, right(message, 130) AS message, length(message) FROM inventory_sync_errors('record_error') ORDER BY error_no DESC LIMIT 2;
SET SESSION AUTHORIZATION DEFAULT;
SET inventory_core.store_error_text = off;
SELECT record_error('record_error', :'run', 'odd', 'some text') \gset
SELECT error_code, upstream_code, message FROM inventory_sync_errors('record_error') ORDER BY error_no DESC LIMIT 1;
RESET inventory_core.store_error_text;
SET SESSION AUTHORIZATION regress_writer;

-- Who writes the table directly is redacted too.
BEGIN;
SELECT inventory_core.set_tenant('record_error') \gset
INSERT INTO sync_errors (tenant_id, run_id, error_no, error_code, message, recorded_at)
VALUES ('record_error', :'run', 1000, 'network', 'x-api-key: 0123456789abcdefSECRET', '2026-01-01') RETURNING message;
UPDATE sync_runs SET correlation_id = 'postgres://u:hunter2secret@h/db' WHERE run_id = :'run' RETURNING correlation_id;
ROLLBACK;

-- It stays a success, of which we are less sure.
SELECT status, had_errors FROM finish_run('record_error', :'run');
SELECT latest_status, latest_success_run_id, confidence, reasons FROM selection_status('record_error', selection_hash('{}'));

-- Not after the end, and not without a run.
SELECT record_error('record_error', :'run', 'timeout');
SELECT record_error('record_error', NULL, 'timeout');
SELECT record_error(NULL, :'run', 'timeout');
SELECT error_count FROM inventory_sync_runs('record_error');

-- An empty type names none, as NULL: a partial run does not say by it where its hole is, and so vouches for nothing.
SELECT run_id AS run FROM start_run('record_error', '{"type": "empty"}') \gset
SELECT upsert_items('record_error', :'run', '[{"policy_type": "vm", "external_id": "a"}, {"policy_type": "vm", "external_id": "b"}]') \gset
SELECT status FROM finish_run('record_error', :'run');
SELECT run_id AS run FROM start_run('record_error', '{"type": "empty"}') \gset
SELECT upsert_items('record_error', :'run', '[{"policy_type": "vm", "external_id": "a"}]') \gset
SELECT record_error('record_error', :'run', 'timeout', policy_type => '') \gset
SELECT status FROM finish_run('record_error', :'run', 'partial');
SELECT policy_type IS NULL AS is_null FROM inventory_sync_errors('record_error') WHERE run_id = :'run';
SELECT missing_items, confirmed_missing FROM selection_status('record_error', selection_hash('{"type": "empty"}'));
SELECT policy_type, error_codes FROM missing_summary('record_error', selection_hash('{"type": "empty"}'));
