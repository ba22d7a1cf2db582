-- present_items: what a selection has by latest_clean, with what its running run has observed so far.
SELECT inventory_core.grant_access('regress_maintainer', 'present_items', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'present_items two', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_reader', 'present_items', 'reader') \gset
SELECT inventory_core.grant_access('regress_writer', 'present_items', 'writer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{"a": 1}') AS a, selection_hash('{"b": 1}') AS b, selection_hash('{"c": 1}') AS c \gset
SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT upsert_items('present_items', run_id, '[{"policy_type": "vm", "external_id": "2", "display_name": "two"}, {"policy_type": "vm", "external_id": "1"}]') IS NULL AS x FROM start_run('present_items', '{"a": 1}') \gset
SELECT count(*) FROM present_items('present_items', :'a');
SELECT display_name, external_id FROM present_items('present_items', :'a') ORDER BY external_id;
SELECT status FROM finish_run('present_items', (SELECT run_id FROM inventory_sync_runs('present_items')));
SELECT regress.sync('theirs', 'present_items two', '{"b": 1}', '{vm/7}') \gset
SELECT regress.sync('b 1', 'present_items', '{"b": 1}', '{vm/8}') \gset
SELECT regress.sync('a 2', 'present_items', '{"a": 1}', '{vm/1,vm/3}') \gset
SELECT external_id FROM present_items('present_items', :'a');
-- What only a failed run misses is there; what the running run observes is there again.
SELECT regress.sync('a 3', 'present_items', '{"a": 1}', '{}', 'failed') \gset
SELECT external_id FROM present_items('present_items', :'a');
SELECT regress.sync('a 4', 'present_items', '{"a": 1}', '{vm/2}', NULL) AS running \gset
SELECT external_id FROM present_items('present_items', :'a') ORDER BY external_id;
SELECT status FROM finish_run('present_items', :'running');
SELECT external_id FROM present_items('present_items', :'a');
-- Many of a chunk: the chunk is read as a whole, and what is missing left out; few of it: they are looked up.
SELECT regress.sync('c 1', 'present_items', '{"c": 1}', ARRAY(SELECT 'disk/' || n FROM generate_series(1, 20000) AS n)) \gset
SELECT regress.sync('c 2', 'present_items', '{"c": 1}', ARRAY(SELECT 'disk/' || n FROM generate_series(1, 20000) AS n WHERE n % 100 <> 0)) \gset
SELECT count(*), count(DISTINCT item_id), min(external_id::integer), bool_and(policy_type = 'disk') AS disks, count(*) FILTER (WHERE external_id::integer % 100 = 0) AS missing,
       array_agg(item_id) = array_agg(item_id ORDER BY item_id) AS in_order FROM present_items('present_items', :'c');
SELECT count(*) FROM gone_items('present_items') WHERE policy_type = 'disk';
SET SESSION AUTHORIZATION regress_reader;
SELECT external_id FROM present_items('present_items', :'a');
SELECT present_items('present_items', repeat('a', 64));
\set VERBOSITY sqlstate
SELECT present_items(NULL, :'a');
SELECT present_items('present_items', NULL);
SELECT present_items('present_items', '*');
SELECT present_items('present_items two', :'b');
SET SESSION AUTHORIZATION regress_stranger;
SELECT present_items('present_items', :'a');
