-- missing_summary: missing_items counted by policy type.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'missing_summary', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{}') AS hash \gset

SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT regress.sync('run 1', 'missing_summary', '{}', '{vm/1,vm/2,vm/3,disk/1,net/1,Vm/1}') \gset
SELECT policy_type, known, observed, missing, newly_missing, oldest_missing_since, error_codes, confidence, reasons,
       regress.label('missing_summary', baseline_run_id) AS baseline, baseline_at
FROM missing_summary('missing_summary', :'hash');
-- vm/2 and disk/1 go first, vm/3 and net/1 an hour later; there is no disk left at all.
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT regress.sync('run 2', 'missing_summary', '{}', '{vm/1,vm/3,net/1,Vm/1}') \gset
SET inventory_core.clock = '2026-01-01 03:00:00+00';
SELECT regress.sync('run 3', 'missing_summary', '{}', '{vm/1,Vm/1}', NULL) AS run3 \gset
-- Errors of a type that is known, of one that nobody ever saw, and of the run as a whole.
SELECT record_error('missing_summary', :'run3', 'timeout', policy_type => 'net') \gset
SELECT record_error('missing_summary', :'run3', 'forbidden', policy_type => 'zone') \gset
SELECT record_error('missing_summary', :'run3', 'throttled') \gset
SELECT record_error('missing_summary', :'run3', 'throttled') \gset
SELECT status FROM finish_run('missing_summary', :'run3');
SELECT policy_type, known, observed, missing, newly_missing, oldest_missing_since, error_codes, confidence, reasons,
       regress.label('missing_summary', baseline_run_id) AS baseline, baseline_at
FROM missing_summary('missing_summary', :'hash');
SELECT policy_type, known, observed, missing, newly_missing, oldest_missing_since, error_codes, confidence, reasons,
       regress.label('missing_summary', baseline_run_id) AS baseline, baseline_at
FROM missing_summary('missing_summary', :'hash', 'latest_clean');

-- It is what missing_items says, counted.
SELECT s.policy_type, s.missing = count(m) AS missing, s.newly_missing = count(m) FILTER (WHERE m.missed_runs = 1) AS newly,
       s.oldest_missing_since IS NOT DISTINCT FROM min(m.missing_since) AS oldest
FROM missing_summary('missing_summary', :'hash') AS s LEFT JOIN missing_items('missing_summary', :'hash') AS m USING (policy_type)
GROUP BY s.policy_type, s.missing, s.newly_missing, s.oldest_missing_since
ORDER BY s.policy_type COLLATE "C";
SELECT sum(known) = known_items AS known, sum(observed) = observed_items AS observed, sum(missing) = missing_items AS missing
FROM missing_summary('missing_summary', :'hash'), selection_status('missing_summary', :'hash') GROUP BY known_items, observed_items, missing_items;

SELECT * FROM missing_summary(NULL, :'hash');
SELECT * FROM missing_summary('missing_summary', NULL);
SELECT * FROM missing_summary('missing_summary', 'x');
SELECT policy_type, known, observed, missing, newly_missing, oldest_missing_since, error_codes, confidence, reasons,
       regress.label('missing_summary', baseline_run_id) AS baseline, baseline_at
FROM missing_summary('missing_summary', :'hash', NULL);
SELECT policy_type, known, observed, missing, newly_missing, oldest_missing_since, error_codes, confidence, reasons,
       regress.label('missing_summary', baseline_run_id) AS baseline, baseline_at
FROM missing_summary('missing_summary', :'hash', 'success');
