-- A run that dies half-way: its selection is free after the lease, what it saw counts, and the rest is missing without much confidence.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'run_that_died', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{}') AS hash \gset

SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT regress.sync('run 1', 'run_that_died', '{}', '{vm/1,vm/2,vm/3}') \gset
-- It saw one old item and a new one, then nobody heard of it again.
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT regress.sync('run 2', 'run_that_died', '{}', '{vm/1,vm/4}', NULL) AS dead \gset
SELECT count(*) AS missing_while_it_runs FROM missing_items('run_that_died', :'hash');

SET inventory_core.clock = '2026-01-01 03:00:00+00';
SELECT regress.sync('run 3', 'run_that_died', '{}', '{}', NULL) AS run3 \gset
SELECT regress.label('run_that_died', run_id) AS run, run_seq, status, error_codes, started_at, finished_at, observed_count, inserted_count, unchanged_count
FROM inventory_sync_runs('run_that_died') ORDER BY run_seq;
SELECT external_id, missed_runs, missing_since, regress.label('run_that_died', baseline_run_id) AS baseline, confidence, reasons FROM missing_items('run_that_died', :'hash');
-- Judged by the last clean run, nothing is.
SELECT count(*) FROM missing_items('run_that_died', :'hash', 'latest_clean');

-- A batch of the dead run comes late: refused, whole.
SELECT * FROM upsert_items('run_that_died', :'dead', '[{"policy_type": "vm", "external_id": "2"}]');
SELECT external_id, last_seen_at FROM inventory_items('run_that_died') ORDER BY external_id;

-- The run after it tells which of them are really gone.
SELECT unchanged FROM upsert_items('run_that_died', :'run3', '[{"policy_type": "vm", "external_id": "2"}, {"policy_type": "vm", "external_id": "4"}]');
SELECT status FROM finish_run('run_that_died', :'run3');
SELECT external_id, missed_runs, missing_since, confidence, reasons FROM missing_items('run_that_died', :'hash');
