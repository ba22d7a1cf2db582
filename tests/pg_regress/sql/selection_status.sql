-- selection_status: always one row. How missing and confirmed_missing differ, and what a running run changes.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'selection_status', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{}') AS hash \gset

SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT regress.sync('run 1', 'selection_status', '{}', '{vm/1,vm/2,vm/3}') \gset
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT regress.sync('run 2', 'selection_status', '{}', '{vm/1,vm/2}') \gset
SET inventory_core.clock = '2026-01-01 03:00:00+00';
SELECT regress.sync('run 3', 'selection_status', '{}', '{vm/1}', 'failed') \gset
SET inventory_core.clock = '2026-01-01 04:00:00+00';
SELECT selection_hash = :'hash' AS hash, selection, running_run_id,
       regress.label('selection_status', latest_run_id) AS latest, latest_status, latest_finished_at,
       regress.label('selection_status', latest_success_run_id) AS latest_success, latest_success_at,
       known_items, observed_items, missing_items, confirmed_missing, confidence, reasons
FROM selection_status('selection_status', :'hash') \gx

-- The running run sees the one that is missing for sure, then a new one: neither is missing, the new one not yet known.
SELECT regress.sync('run 4', 'selection_status', '{}', '{vm/3,vm/new}', NULL) AS run4 \gset
SELECT regress.label('selection_status', running_run_id) AS running, regress.label('selection_status', latest_run_id) AS latest,
       known_items, observed_items, missing_items, confirmed_missing
FROM selection_status('selection_status', :'hash');
SELECT status FROM finish_run('selection_status', :'run4');
SELECT running_run_id, known_items, observed_items, missing_items, confirmed_missing, confidence FROM selection_status('selection_status', :'hash');

-- Any spelling of the selection finds it through its hash.
SELECT latest_status FROM selection_status('selection_status', selection_hash(' { } '));

SELECT * FROM selection_status(NULL, :'hash');
SELECT * FROM selection_status('selection_status', NULL);
SELECT * FROM selection_status('selection_status', '*');
SELECT * FROM selection_status('not mine', :'hash');
