-- Two selections that overlap: each has its own missing items, while the catalogue knows who saw an item last.
SELECT inventory_core.grant_access('regress_writer', 'overlapping', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{"all": true}') AS every, selection_hash('{"os": "linux"}') AS linux \gset

SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT regress.sync('all 1', 'overlapping', '{"all": true}', '{vm/both,vm/other}') \gset
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT regress.sync('linux 1', 'overlapping', '{"os": "linux"}', '{vm/both,vm/linux}') \gset
-- Now the item is seen by the first selection only: missing from the second, and not from the first.
SET inventory_core.clock = '2026-01-01 03:00:00+00';
SELECT regress.sync('linux 2', 'overlapping', '{"os": "linux"}', '{vm/linux}') \gset
SET inventory_core.clock = '2026-01-01 04:00:00+00';
SELECT regress.sync('all 2', 'overlapping', '{"all": true}', '{vm/both}') \gset
SELECT external_id, missed_runs, missing_since, regress.label('overlapping', last_seen_run_id) AS last_seen_run, last_seen_at FROM missing_items('overlapping', :'every');
SELECT external_id, missed_runs, missing_since, regress.label('overlapping', last_seen_run_id) AS last_seen_run, last_seen_at FROM missing_items('overlapping', :'linux');

-- However often the other selection runs, the answer of this one stays.
SET inventory_core.clock = '2026-01-01 05:00:00+00';
SELECT regress.sync('all 3', 'overlapping', '{"all": true}', '{vm/both,vm/other}') \gset
SELECT external_id, missed_runs, missing_since, regress.label('overlapping', last_seen_run_id) AS last_seen_run, last_seen_at FROM missing_items('overlapping', :'linux');
SELECT known_items, observed_items, missing_items FROM selection_status('overlapping', :'every');
SELECT known_items, observed_items, missing_items FROM selection_status('overlapping', :'linux');
SELECT external_id, first_seen_at, last_seen_at, regress.label('overlapping', last_seen_run_id) AS last_seen_run FROM inventory_items('overlapping') ORDER BY external_id;
-- An item that only the other selection knows is nothing to this one.
SELECT count(*) FROM explain_missing('overlapping', :'linux', 'vm', 'other');
SELECT run_seq, verdict FROM explain_missing('overlapping', :'linux', 'vm', 'both');

-- Runs of two selections at the same time: last_seen_run is that of the newer start, whichever finishes last.
SET inventory_core.clock = '2026-01-01 06:00:00+00';
SELECT regress.sync('all 4', 'overlapping', '{"all": true}', '{vm/both}', NULL) AS all4 \gset
SET inventory_core.clock = '2026-01-01 07:00:00+00';
SELECT regress.sync('linux 3', 'overlapping', '{"os": "linux"}', '{vm/both}', NULL) AS linux3 \gset
SELECT regress.label('overlapping', last_seen_run_id) AS last_seen_run, last_seen_at FROM inventory_items('overlapping') WHERE external_id = 'both';
SELECT status FROM finish_run('overlapping', :'linux3');
SELECT status FROM finish_run('overlapping', :'all4');
SELECT regress.label('overlapping', last_seen_run_id) AS last_seen_run, last_seen_at FROM inventory_items('overlapping') WHERE external_id = 'both';
-- first_seen is that of the older start, though the younger run saw the new item first.
SET inventory_core.clock = '2026-01-01 08:00:00+00';
SELECT regress.sync('all 5', 'overlapping', '{"all": true}', '{}', NULL) AS all5 \gset
SET inventory_core.clock = '2026-01-01 09:00:00+00';
SELECT regress.sync('linux 4', 'overlapping', '{"os": "linux"}', '{vm/new}') \gset
SELECT first_seen_at FROM inventory_items('overlapping') WHERE external_id = 'new';
SELECT unchanged FROM upsert_items('overlapping', :'all5', '[{"policy_type": "vm", "external_id": "new"}]');
SELECT first_seen_at, last_seen_at FROM inventory_items('overlapping') WHERE external_id = 'new';
