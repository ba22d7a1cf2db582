-- missing_items: known to the selection, and seen neither by the baseline nor by any later run of it.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'missing_items', 'writer') \gset
SELECT inventory_core.allow_meta('mi', 'a') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{}') AS hash \gset

-- Nothing has run: an error, which does not read as "nothing is missing".
SELECT count(*) FROM missing_items('missing_items', :'hash');

-- Five runs, one an hour; c is gone from the second on, b from the fourth on, a is there again in the last.
SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT regress.sync('run 1', 'missing_items', '{}', '{mi/c,mi/a,mi/b,mi/d}') \gset
SELECT count(*) FROM missing_items('missing_items', :'hash');
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT regress.sync('run 2', 'missing_items', '{}', '{mi/a,mi/b,mi/d}') \gset
SET inventory_core.clock = '2026-01-01 03:00:00+00';
SELECT regress.sync('run 3', 'missing_items', '{}', '{mi/b,mi/d}') \gset
SELECT external_id, missed_runs, missing_since FROM missing_items('missing_items', :'hash');
SET inventory_core.clock = '2026-01-01 04:00:00+00';
SELECT regress.sync('run 4', 'missing_items', '{}', '{mi/d}') \gset
SET inventory_core.clock = '2026-01-01 05:00:00+00';
SELECT regress.sync('run 5', 'missing_items', '{}', '{mi/d,mi/a}') \gset
SELECT item_id, policy_type, external_id, display_name, meta, first_seen_at, last_seen_at, regress.label('missing_items', last_seen_run_id) AS last_seen_run,
       missed_runs, missing_since, regress.label('missing_items', baseline_run_id) AS baseline, confidence, reasons
FROM missing_items('missing_items', :'hash') \gx

-- What came back is the same row as before.
SELECT item_id, external_id, first_seen_at, last_seen_at FROM inventory_items('missing_items') WHERE external_id = 'a';

-- latest_clean: the last run that can be believed about the type; later ones do not count, but what they saw is not missing.
SET inventory_core.clock = '2026-01-01 06:00:00+00';
SELECT regress.sync('run 6', 'missing_items', '{}', '{mi/b}', 'partial') \gset
SELECT external_id, missed_runs, missing_since, regress.label('missing_items', baseline_run_id) AS baseline, confidence, reasons FROM missing_items('missing_items', :'hash');
SELECT external_id, missed_runs, missing_since, regress.label('missing_items', baseline_run_id) AS baseline, confidence, reasons FROM missing_items('missing_items', :'hash', 'latest_clean');

-- Arguments.
SELECT * FROM missing_items('missing_items', NULL);
SELECT * FROM missing_items('missing_items', :'hash', NULL);
SELECT * FROM missing_items('missing_items', :'hash', 'last');
SELECT * FROM missing_items('missing_items', '*');
SELECT * FROM missing_items('missing_items', upper(:'hash'));
SELECT * FROM missing_items(NULL, :'hash');
SELECT * FROM missing_items('not mine', :'hash');
