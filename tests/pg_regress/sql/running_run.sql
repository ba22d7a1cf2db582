-- What a running run saw, it saw: known it becomes when the run has completed, missing it is no longer.
SELECT inventory_core.grant_access('regress_writer', 'running_run', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{}') AS hash \gset

SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT regress.sync('run 1', 'running_run', '{}', '{vm/1,vm/2}') \gset
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT run_id FROM start_run('running_run', '{}', 'run 2') \gset
SELECT status FROM finish_run('running_run', :'run_id', expected_items => 0) \gset
SELECT external_id FROM missing_items('running_run', :'hash');

-- It sees one of the missing again, and a new one.
SET inventory_core.clock = '2026-01-01 03:00:00+00';
SELECT regress.sync('run 3', 'running_run', '{}', '{vm/1,vm/new}', NULL) AS run3 \gset
SELECT external_id FROM missing_items('running_run', :'hash');
SELECT external_id FROM missing_items('running_run', :'hash', 'latest_clean');
SELECT policy_type, known, observed, missing, newly_missing FROM missing_summary('running_run', :'hash');
SELECT regress.label('running_run', running_run_id) AS running, regress.label('running_run', latest_run_id) AS latest, known_items, observed_items, missing_items, confirmed_missing
FROM selection_status('running_run', :'hash');
SELECT external_id, first_seen_at, last_seen_at, regress.label('running_run', last_seen_run_id) AS last_seen_run FROM inventory_items('running_run') ORDER BY external_id;
SELECT regress.label('running_run', run_id) AS run, status, verdict FROM explain_missing('running_run', :'hash', 'vm', '1');
SELECT regress.label('running_run', run_id) AS run, status, verdict FROM explain_missing('running_run', :'hash', 'vm', '2');
SELECT regress.label('running_run', run_id) AS run, status, verdict FROM explain_missing('running_run', :'hash', 'vm', 'new');
-- Nothing is missing from a run that goes on.
SELECT change, external_id FROM run_changes('running_run', :'run3');

-- The new item was seen by the running run alone. When the run ends, however it ends, the item is known.
SELECT status FROM finish_run('running_run', :'run3', 'failed');
SELECT known_items, observed_items, missing_items FROM selection_status('running_run', :'hash');
SELECT regress.sync('run 4', 'running_run', '{}', '{vm/1}') \gset
SELECT external_id, missed_runs FROM missing_items('running_run', :'hash');
