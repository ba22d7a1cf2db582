-- run_progress: how far the running runs are, measured by the last success of their selection.
SELECT inventory_core.grant_access('regress_writer', 'run_progress', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- A first run has nothing to be measured by.
SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT regress.sync('first', 'run_progress', '{}', '{vm/1,vm/2,vm/3,vm/4}', NULL) AS run \gset
SET inventory_core.clock = '2026-01-01 01:05:00+00';
SELECT correlation_id, run_id = :'run' AS run, selection_hash = selection_hash('{}') AS hash, started_at, elapsed, observed, previous_total, fraction, time_left, lease_expires_at
FROM run_progress('run_progress') \gx
SELECT status FROM finish_run('run_progress', :'run');
SELECT count(*) FROM run_progress('run_progress');

-- A quarter after ten minutes: thirty to go. A failed run in between is no measure.
SELECT regress.sync('failed', 'run_progress', '{}', '{vm/1}', 'failed') \gset
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT regress.sync('second', 'run_progress', '{}', '{vm/1}', NULL) AS run \gset
SET inventory_core.clock = '2026-01-01 02:10:00+00';
SELECT elapsed, observed, previous_total, fraction, time_left FROM run_progress('run_progress');
-- The same item again is no progress; nothing seen yet is no estimate; more than last time is not more than all.
SELECT unchanged FROM upsert_items('run_progress', :'run', '[{"policy_type": "vm", "external_id": "1"}]');
SELECT observed, fraction FROM run_progress('run_progress');
SELECT inserted FROM upsert_items('run_progress', :'run', (SELECT json_agg(json_build_object('policy_type', 'vm', 'external_id', n::text)) FROM generate_series(1, 9) AS n));
SELECT observed, previous_total, fraction, time_left FROM run_progress('run_progress');
SELECT status FROM finish_run('run_progress', :'run');
SELECT regress.sync('third', 'run_progress', '{}', '{}', NULL) AS run \gset
SELECT observed, previous_total, fraction, time_left FROM run_progress('run_progress');
