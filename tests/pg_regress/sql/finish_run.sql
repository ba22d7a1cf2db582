-- finish_run: the end of a run, once; suspicious data is kept as given, only the confidence in it falls.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'finish_run', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET inventory_core.clock = '2026-01-01 12:00:00+00';
\set two '[{"policy_type": "d", "external_id": "1"}, {"policy_type": "d", "external_id": "2"}]'

-- The finished run, as the view shows it.
SELECT run_id AS run FROM start_run('finish_run', '{}', 'label') \gset
SELECT observed FROM upsert_items('finish_run', :'run', :'two');
SET inventory_core.clock = '2026-01-01 12:05:00+00';
SELECT tenant_id, run_id = :'run' AS run, run_seq, selection_hash = selection_hash('{}') AS hash, selection, status, had_errors, error_codes, error_count,
       correlation_id, started_at, finished_at, lease_expires_at, observed_count, inserted_count, updated_count, unchanged_count, expected_items
FROM finish_run('finish_run', :'run', 'success', 2) \gx

-- Again with the same status: the same row, whatever else is said. With another one: refused.
SET inventory_core.clock = '2026-01-01 12:06:00+00';
SELECT f.* IS NOT DISTINCT FROM v.* AS same FROM finish_run('finish_run', :'run') AS f, inventory_sync_runs('finish_run') AS v;
SELECT f.* IS NOT DISTINCT FROM v.* AS same FROM finish_run('finish_run', :'run', 'success', 99) AS f, inventory_sync_runs('finish_run') AS v;
SELECT finish_run('finish_run', :'run', 'partial');
SELECT finish_run('finish_run', :'run', 'failed');

-- expected_items above what was observed: short_of_expected. Equal or below: nothing.
SELECT run_id AS run FROM start_run('finish_run', '{}') \gset
SELECT observed FROM upsert_items('finish_run', :'run', :'two');
SELECT observed FROM upsert_items('finish_run', :'run', :'two');
SELECT status, had_errors, error_codes, observed_count, unchanged_count, expected_items FROM finish_run('finish_run', :'run', expected_items => 3);
SELECT run_id AS run FROM start_run('finish_run', '{}') \gset
SELECT observed FROM upsert_items('finish_run', :'run', :'two');
SELECT status, error_codes, expected_items FROM finish_run('finish_run', :'run', expected_items => 1);

-- Every status. The guards look at runs that could be believed about some type: not at this partial one.
SELECT run_id AS run FROM start_run('finish_run', '{}') \gset
SELECT status, error_codes, observed_count FROM finish_run('finish_run', :'run', 'partial', 1);
SELECT run_id AS run FROM start_run('finish_run', '{}') \gset
SELECT status, error_codes, observed_count FROM finish_run('finish_run', :'run', 'failed');

-- A rolled back end is none.
SELECT run_id AS run FROM start_run('finish_run', '{}') \gset
BEGIN;
SELECT status FROM finish_run('finish_run', :'run', 'failed');
ROLLBACK;
SELECT status FROM finish_run('finish_run', :'run');

-- Arguments.
SELECT run_id AS run FROM start_run('finish_run', '{}') \gset
SELECT finish_run('finish_run', :'run', 'running');
SELECT finish_run('finish_run', :'run', 'Success');
SELECT finish_run('finish_run', :'run', '');
SELECT finish_run('finish_run', :'run', NULL);
SELECT finish_run('finish_run', :'run', expected_items => -1);
SELECT finish_run('finish_run', NULL);
SELECT finish_run(NULL, :'run');
SELECT status FROM inventory_sync_runs('finish_run') WHERE run_id = :'run';

-- A run that observes what was present is the next reference of the guard, although no type changed: here a failed run added
-- the items, or some of them, and the clean run after it saw the same. Then 15 are fewer than half of 40.
SELECT regress.sync('some', 'finish_run', '{"some": 1}', ARRAY(SELECT 'g/some' || n FROM generate_series(1, 20) AS n)) \gset
SELECT regress.sync('more', 'finish_run', '{"some": 1}', ARRAY(SELECT 'g/some' || n FROM generate_series(1, 40) AS n), 'failed') \gset
SELECT regress.sync('same', 'finish_run', '{"some": 1}', ARRAY(SELECT 'g/some' || n FROM generate_series(1, 40) AS n)) \gset
SELECT regress.sync('few', 'finish_run', '{"some": 1}', ARRAY(SELECT 'g/some' || n FROM generate_series(1, 15) AS n)) \gset
SELECT regress.sync('all', 'finish_run', '{"all": 1}', ARRAY(SELECT 'g/all' || n FROM generate_series(1, 40) AS n), 'failed') \gset
SELECT regress.sync('all again', 'finish_run', '{"all": 1}', ARRAY(SELECT 'g/all' || n FROM generate_series(1, 40) AS n)) \gset
SELECT regress.sync('few', 'finish_run', '{"all": 1}', ARRAY(SELECT 'g/all' || n FROM generate_series(1, 15) AS n)) \gset
SELECT selection, correlation_id, error_codes FROM inventory_sync_runs('finish_run') WHERE selection <> '{}' ORDER BY selection, run_seq;
