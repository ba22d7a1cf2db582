-- start_run: a run, or at once the answer who is busy and when to come back.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'start_run', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET inventory_core.clock = '2026-01-01 12:00:00+00';

SELECT run_id IS NOT NULL AS run, status, selection_hash = selection_hash('{"a": [1, 2]}') AS hash, reason, blocking_run_id, retry_after
FROM start_run('start_run', '{"a": [1, 2]}', 'nightly');
SELECT run_id AS run FROM inventory_sync_runs('start_run') \gset
SELECT run_seq, selection, status, had_errors, error_codes, error_count, correlation_id, started_at, finished_at, lease_expires_at,
       observed_count, inserted_count, updated_count, unchanged_count, expected_items
FROM inventory_sync_runs('start_run') \gx

-- The same selection in another spelling is busy; the refusal is no run, but counted.
SELECT run_id, status, selection_hash = selection_hash('{"a": [1, 2]}') AS hash, reason, blocking_run_id = :'run' AS blocking,
       retry_after > '0' AND retry_after <= '15min' AS retry_after
FROM start_run('start_run', '{"a": [2, 1.0]}');
SELECT status, reason FROM start_run('start_run', '{"a": [1, 2]}');
SELECT count(*) AS runs FROM inventory_sync_runs('start_run');
SELECT selection, first_run_at, latest_run_id, latest_status, running_run_id = :'run' AS running, refused_count, last_refused_reason, last_refused_at
FROM inventory_selections('start_run');

-- Another selection is not, and the same label is nothing to go by.
SELECT status, reason FROM start_run('start_run', '{"a": [1]}', 'nightly');

-- After the end the next run of the selection has the next number.
SELECT status FROM finish_run('start_run', :'run');
SELECT run_id AS run2, status FROM start_run('start_run', '{"a": [1, 2]}') \gset
SELECT run_seq, status FROM inventory_sync_runs('start_run') WHERE selection = '{"a": [1, 2]}' ORDER BY run_seq;

-- fresh: the last clean run finished less than min_age ago.
SELECT status FROM finish_run('start_run', :'run2');
SET inventory_core.clock = '2026-01-01 12:09:00+00';
SELECT run_id, status, reason, blocking_run_id, retry_after FROM start_run('start_run', '{"a": [1, 2]}', min_age => '10 minutes');
SELECT refused_count, last_refused_reason, last_refused_at FROM inventory_selections('start_run') WHERE selection = '{"a": [1, 2]}';
SET inventory_core.clock = '2026-01-01 12:10:00+00';
SELECT run_id AS run3, status FROM start_run('start_run', '{"a": [1, 2]}', min_age => '10 minutes') \gset
\echo :status
-- A success with an error, a partial or a failed run is not what fresh means; the clean one before it still is.
SELECT record_error('start_run', :'run3', 'timeout') \gset
SELECT status, had_errors FROM finish_run('start_run', :'run3');
SELECT run_id AS run4, status FROM start_run('start_run', '{"a": [1, 2]}', min_age => '10 minutes') \gset
\echo :status
SELECT status FROM finish_run('start_run', :'run4', 'partial');
SELECT status, reason, retry_after FROM start_run('start_run', '{"a": [1, 2]}', min_age => '11 minutes');
SELECT status, reason FROM start_run('start_run', '{"a": [1, 2]}', min_age => '0');

-- A lease of one's own.
SELECT run_id AS run6 FROM start_run('start_run', '{"lease": 1}', lease => '2 hours') \gset
SELECT lease_expires_at FROM inventory_sync_runs('start_run') WHERE run_id = :'run6';

-- Arguments that make no sense.
SELECT * FROM start_run(NULL, '{}');
SELECT * FROM start_run('start_run', NULL);
SELECT * FROM start_run('start_run', 'null');
SELECT * FROM start_run('start_run', '[]');
SELECT * FROM start_run('start_run', '"x"');
SELECT * FROM start_run('start_run', '{"n": 9007199254740993}');
SELECT * FROM start_run('start_run', ('{"n": ' || repeat('[', 1500) || repeat(']', 1500) || '}')::jsonb);
SELECT * FROM start_run('start_run', '{}', lease => '0');
SELECT * FROM start_run('start_run', '{}', lease => '-1 hour');
SELECT * FROM start_run('start_run', '{}', lease => '178000000 years');
SELECT * FROM start_run('start_run', '{}', min_age => '178000000 years');
SELECT * FROM start_run('start_run', '{}', min_age => '-1 second');
SELECT * FROM start_run('start_run', '{}', scope => NULL);
SELECT * FROM start_run('start_run', '{}', scope => '');
SELECT * FROM start_run('', '{}');
SELECT * FROM start_run('*', '{}');
SELECT * FROM start_run('not mine', '{}');
-- None of them left a selection behind.
SELECT selection FROM inventory_selections('start_run') ORDER BY selection::text COLLATE "C";
