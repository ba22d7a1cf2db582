-- A selection that never completed has no baseline: no answer is given, and it is said so.
SELECT inventory_core.grant_access('regress_writer', 'never_completed', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SELECT selection_hash('{}') AS hash \gset

-- Never started: only selection_status answers.
SELECT * FROM selection_status('never_completed', :'hash') \gx
SELECT count(*) FROM missing_items('never_completed', :'hash');
SELECT count(*) FROM missing_items('never_completed', :'hash', 'latest_clean');
SELECT count(*) FROM missing_summary('never_completed', :'hash');

-- Started, and it has seen something.
SELECT regress.sync('run', 'never_completed', '{}', '{vm/1}', NULL) AS run \gset
SELECT selection, running_run_id = :'run' AS running, latest_run_id, latest_status, latest_finished_at, latest_success_run_id, latest_success_at,
       known_items, observed_items, missing_items, confirmed_missing, confidence, reasons
FROM selection_status('never_completed', :'hash') \gx
SELECT count(*) FROM missing_items('never_completed', :'hash');
SELECT count(*) FROM missing_summary('never_completed', :'hash');
SELECT status, verdict FROM explain_missing('never_completed', :'hash', 'vm', '1');
SELECT count(*) FROM explain_missing('never_completed', :'hash', 'vm', '2');

-- Completed, but never cleanly: latest answers; by latest_clean nothing is missing, with confidence none.
SELECT status FROM finish_run('never_completed', :'run', 'failed');
SELECT regress.sync('run 2', 'never_completed', '{}', '{}', 'failed') \gset
SELECT external_id, missed_runs, confidence, reasons FROM missing_items('never_completed', :'hash');
SELECT count(*) FROM missing_items('never_completed', :'hash', 'latest_clean');
SELECT count(*) FROM missing_summary('never_completed', :'hash', 'latest_clean');
SELECT latest_status, latest_success_run_id, latest_success_at, missing_items, confirmed_missing, confidence FROM selection_status('never_completed', :'hash');
