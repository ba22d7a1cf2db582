-- Order comes from the sequence of runs, never from the clock: two runs in one tick, then a clock that was set back.
SELECT inventory_core.grant_access('regress_writer', 'clock', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{}') AS hash \gset

SET inventory_core.clock = '2026-01-01 12:00:00+00';
SELECT regress.sync('run 1', 'clock', '{}', '{vm/1,vm/2,vm/3}') \gset
SELECT regress.sync('run 2', 'clock', '{}', '{vm/1,vm/2}') \gset
SELECT external_id, missed_runs, missing_since, regress.label('clock', baseline_run_id) AS baseline, regress.label('clock', last_seen_run_id) AS last_seen_run FROM missing_items('clock', :'hash');

SET inventory_core.clock = '2025-12-31 12:00:00+00';
SELECT regress.sync('run 3', 'clock', '{}', '{vm/1,vm/4}') \gset
SELECT external_id, missed_runs, missing_since, regress.label('clock', baseline_run_id) AS baseline, regress.label('clock', last_seen_run_id) AS last_seen_run, last_seen_at FROM missing_items('clock', :'hash');
SELECT regress.label('clock', run_id) AS run, started_at, verdict FROM explain_missing('clock', :'hash', 'vm', '3');
SELECT regress.label('clock', latest_run_id) AS latest, regress.label('clock', latest_success_run_id) AS latest_success FROM selection_status('clock', :'hash');
-- Times are for people: they say what the clock said.
SELECT external_id, first_seen_at, last_seen_at, regress.label('clock', last_seen_run_id) AS last_seen_run FROM inventory_items('clock') ORDER BY external_id;
SELECT change, external_id FROM run_changes('clock', (SELECT latest_run_id FROM selection_status('clock', :'hash')));

-- Of two selections in one tick, the one that started last is the newer.
SET inventory_core.clock = '2026-01-01 12:00:00+00';
SELECT regress.sync('x', 'clock', '{"s": "x"}', '{vm/5}') \gset
SELECT regress.sync('y', 'clock', '{"s": "y"}', '{vm/5}') \gset
SELECT regress.label('clock', last_seen_run_id) AS last_seen_run FROM inventory_items('clock') WHERE external_id = '5';

-- A run whose clock went back has not been going for a negative time.
SELECT regress.sync('z', 'clock', '{"s": "z"}', '{vm/5}', NULL) \gset
SET inventory_core.clock = '2026-01-01 11:00:00+00';
SELECT elapsed, observed, lease_expires_at FROM run_progress('clock');
