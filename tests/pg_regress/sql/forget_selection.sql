-- forget_selection and forget_orphans: a selection with its runs and evidence; then the items that no selection knows.
SELECT inventory_core.grant_access('regress_maintainer', 'forget_selection', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'forget_selection two', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_reader', 'forget_selection', 'reader') \gset
SELECT inventory_core.grant_access('regress_writer', 'forget_selection', 'writer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{"a": 1}') AS a, selection_hash('{"b": 1}') AS b, selection_hash('{"c": 1}') AS c \gset
SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT regress.sync('a 1', 'forget_selection', '{"a": 1}', '{vm/1,vm/2,vm/3}') \gset
SELECT regress.sync('theirs', 'forget_selection two', '{"a": 1}', '{vm/1,vm/2}') \gset
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT regress.sync('b 1', 'forget_selection', '{"b": 1}', '{vm/2,vm/3,vm/4}') \gset
SET inventory_core.clock = '2026-01-01 03:00:00+00';
SELECT regress.sync('c 1', 'forget_selection', '{"c": 1}', '{vm/3}') \gset
SET inventory_core.clock = '2026-01-01 04:00:00+00';
SELECT regress.sync('b 2', 'forget_selection', '{"b": 1}', '{vm/2,vm/3,vm/4}', NULL) AS running \gset
SELECT record_error('forget_selection', :'running', http_status => 503) \gset
SELECT forget_selection('forget_selection', :'b');
SELECT status FROM finish_run('forget_selection', :'running', 'partial');
SELECT status FROM start_run('forget_selection', '{"b": 1}', min_age => '1 day');
SELECT prune_runs('forget_selection', '0', 0);
SELECT external_id, last_seen_at, regress.label('forget_selection', last_seen_run_id) AS run FROM inventory_items('forget_selection') ORDER BY item_id;
SELECT forget_selection('forget_selection', :'b');
-- last_seen_at is what the others say; when an item was first seen stays.
SELECT external_id, first_seen_at, last_seen_at, regress.label('forget_selection', last_seen_run_id) AS run FROM inventory_items('forget_selection') ORDER BY item_id;
SELECT selection FROM inventory_selections('forget_selection') ORDER BY selection;
SELECT correlation_id FROM inventory_sync_runs('forget_selection') ORDER BY correlation_id;
SELECT missing_items('forget_selection', :'b');
SELECT finish_run('forget_selection', :'running', 'partial');
BEGIN;
SELECT set_tenant('forget_selection') \gset
SELECT (SELECT count(*) FROM presence WHERE selection_hash = :'b') + (SELECT count(*) FROM last_seen WHERE selection_hash = :'b') + (SELECT count(*) FROM selection_types WHERE selection_hash = :'b')
     + (SELECT count(*) FROM type_counts WHERE selection_hash = :'b') + (SELECT count(*) FROM pruned_runs WHERE selection_hash = :'b') + (SELECT count(*) FROM sync_errors) AS left_over;
COMMIT;
-- Begun anew, it knows nothing.
SELECT regress.sync('b anew', 'forget_selection', '{"b": 1}', '{vm/2}') \gset
SELECT run_seq FROM inventory_sync_runs('forget_selection') WHERE correlation_id = 'b anew';
SELECT known_items, missing_items FROM selection_status('forget_selection', :'b');

-- forget_orphans: counts by default. One that a running run has observed is none, nor one that a selection knows and misses.
SELECT forget_orphans('forget_selection');
SELECT regress.sync('a 2', 'forget_selection', '{"a": 1}', '{vm/1,vm/3}') \gset
SELECT forget_orphans('forget_selection');
SELECT regress.sync('c 2', 'forget_selection', '{"c": 1}', '{vm/4,vm/5}', NULL) AS running \gset
SELECT forget_orphans('forget_selection'), forget_orphans('forget_selection', false);
SELECT status FROM finish_run('forget_selection', :'running', 'failed');
SELECT forget_orphans('forget_selection', false);
SELECT forget_selection('forget_selection', :'c');
SELECT forget_orphans('forget_selection', dry_run => false);
SELECT external_id FROM inventory_items('forget_selection') ORDER BY item_id;
SELECT forget_orphans('forget_selection', false);
-- It returns: a new item.
SELECT regress.sync('a 3', 'forget_selection', '{"a": 1}', '{vm/1,vm/2,vm/3,vm/4}') \gset
SELECT item_id, external_id FROM inventory_items('forget_selection') ORDER BY item_id;
SELECT count(*) FROM inventory_items('forget_selection two');

-- Bad input.
SELECT forget_selection('forget_selection', repeat('a', 64));
\set VERBOSITY sqlstate
SELECT forget_selection('forget_selection', '*');
SELECT forget_selection('forget_selection', NULL);
SELECT forget_selection(NULL, :'a');
SELECT forget_orphans(NULL);
SELECT forget_orphans('forget_selection', NULL);
SELECT forget_orphans('*', false);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT forget_selection('forget_selection', :'a');
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT forget_orphans('forget_selection');
ROLLBACK;
SET SESSION AUTHORIZATION regress_writer;
SELECT forget_selection('forget_selection', :'a');
SELECT forget_orphans('forget_selection');
SELECT forget_selection('forget_selection two', :'a');
SET SESSION AUTHORIZATION regress_reader;
SELECT forget_selection('forget_selection', :'a');
SELECT forget_orphans('forget_selection');
SET SESSION AUTHORIZATION regress_stranger;
SELECT forget_selection('forget_selection', :'a');
SELECT forget_orphans('forget_selection');
