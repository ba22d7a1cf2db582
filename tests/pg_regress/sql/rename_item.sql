-- rename_item: another name, the same item_id and history; another type is another baseline.
SELECT inventory_core.grant_access('regress_maintainer', 'rename_item', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'rename_item two', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_reader', 'rename_item', 'reader') \gset
SELECT inventory_core.grant_access('regress_writer', 'rename_item', 'writer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{"a": 1}') AS a, selection_hash('{"b": 1}') AS b, selection_hash('{"c": 1}') AS c \gset
SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT upsert_items('rename_item', run_id, '[{"policy_type": "vm", "external_id": "1", "display_name": "one"}, {"policy_type": "vm", "external_id": "2"}, {"policy_type": "disk", "external_id": "1"}]') IS NULL AS x, run_id FROM start_run('rename_item', '{"a": 1}', 'a 1') \gset
SELECT status FROM finish_run('rename_item', :'run_id');
SELECT regress.sync('theirs', 'rename_item two', '{"a": 1}', '{vm/1,vm/2}') \gset
SELECT item_id AS one FROM inventory_items('rename_item') WHERE display_name = 'one' \gset
SELECT item_id AS two FROM inventory_items('rename_item') WHERE external_id = '2' \gset
SELECT item_id AS disk FROM inventory_items('rename_item') WHERE policy_type = 'disk' \gset
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT rename_item('rename_item', :one, 'vm', '/subscriptions/1');
SELECT item_id = :one AS same_id, policy_type, external_id, display_name, first_seen_at, updated_at, last_seen_at FROM inventory_items('rename_item') ORDER BY external_id COLLATE "C";
SELECT policy_type, external_id FROM inventory_items('rename_item two') ORDER BY external_id;
-- The next run meets it under its new name; the old name would be a new item.
SELECT inserted, unchanged FROM start_run('rename_item', '{"a": 1}') AS s, upsert_items('rename_item', s.run_id, '[{"policy_type": "vm", "external_id": "/subscriptions/1"}, {"policy_type": "vm", "external_id": "2"}, {"policy_type": "disk", "external_id": "1"}]');
SELECT status, observed_count FROM finish_run('rename_item', (SELECT run_id FROM inventory_sync_runs('rename_item') WHERE status = 'running'));
SELECT regress.label('rename_item', run_id) AS run, verdict FROM explain_missing('rename_item', :'a', 'vm', '/subscriptions/1');
SELECT count(*) FROM explain_missing('rename_item', :'a', 'vm', '1');
-- To the name that it has: nothing happens. To one that is taken: refused.
SELECT rename_item('rename_item', :one, 'vm', '/subscriptions/1');
SELECT rename_item('rename_item', :one, 'vm', '2');

-- Another type: counts by type, guards and later misses go by it.
SELECT rename_item('rename_item', :disk, 'volume', '1');
SELECT policy_type, known, observed, missing FROM missing_summary('rename_item', :'a', 'latest_clean');
BEGIN;
SELECT set_tenant('rename_item') \gset
SELECT policy_type, known_count, present_count, reference_count FROM selection_types WHERE tenant_id = 'rename_item' AND policy_type <> '' ORDER BY policy_type;
SELECT t.policy_type, ARRAY(SELECT _bitmap_ids(t.chunk, t.item_ids)) = CASE t.policy_type WHEN 'volume' THEN ARRAY[:disk]::bigint[] ELSE ARRAY[least(:one, :two), greatest(:one, :two)]::bigint[] END AS right_items FROM item_types AS t WHERE t.tenant_id = 'rename_item' ORDER BY 1;
COMMIT;
SELECT regress.sync('a 3', 'rename_item', '{"a": 1}', '{vm/2}') AS a3 \gset
SELECT policy_type, external_id FROM missing_items('rename_item', :'a', 'latest_clean') ORDER BY item_id;
SELECT policy_type, observed FROM type_counts('rename_item', :'a') WHERE run_id = :'a3';
-- To a type that a later run did not vouch for, and back: missing, not missing, missing.
SELECT run_id FROM start_run('rename_item', '{"a": 1}') \gset
SELECT record_error('rename_item', :'run_id', http_status => 403, policy_type => 'net') \gset
SELECT count(*) FROM upsert_items('rename_item', :'run_id', '[{"policy_type": "vm", "external_id": "/subscriptions/1"}]');
SELECT status FROM finish_run('rename_item', :'run_id', 'partial');
SELECT external_id FROM missing_items('rename_item', :'a', 'latest_clean') WHERE item_id = :two;
SELECT rename_item('rename_item', :two, 'net', '2');
SELECT external_id FROM missing_items('rename_item', :'a', 'latest_clean') WHERE item_id = :two;
SELECT confirmed_missing FROM selection_status('rename_item', :'a');
SELECT rename_item('rename_item', :two, 'vm', '2');
SELECT external_id FROM missing_items('rename_item', :'a', 'latest_clean') WHERE item_id = :two;
SELECT confirmed_missing FROM selection_status('rename_item', :'a');
-- The changes of the runs stay as they were told, under the name of now.
SELECT change, policy_type, external_id FROM run_changes('rename_item', :'a3') ORDER BY item_id;
-- While the run that inserted it is still running.
SELECT regress.sync('b 1', 'rename_item', '{"b": 1}', '{vm/7,vm/8}', NULL) AS running \gset
SELECT rename_item('rename_item', (SELECT item_id FROM inventory_items('rename_item') WHERE external_id = '7'), 'net', '7');
SELECT observed_count, inserted_count FROM finish_run('rename_item', :'running');
SELECT policy_type, known FROM missing_summary('rename_item', :'b');

-- Bad input. A direct UPDATE of the identity stays refused.
\set VERBOSITY terse
SELECT rename_item('rename_item', 999, 'vm', 'x');
SELECT rename_item('rename_item', :one, '', 'x');
SELECT rename_item('rename_item', :one, repeat('ä', 101), 'x');
SELECT rename_item('rename_item', :one, 'vm', repeat('x', 2049));
SELECT rename_item('rename_item', :one, 'vm', '');
SELECT rename_item('rename_item', NULL, 'vm', 'x');
SELECT rename_item('rename_item', :one, NULL, 'x');
SELECT rename_item('rename_item', :one, 'vm', NULL);
SELECT rename_item(NULL, :one, 'vm', 'x');
BEGIN;
SELECT set_tenant('rename_item') \gset
UPDATE items SET external_id = 'x' WHERE tenant_id = 'rename_item' AND item_id = :one;
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT rename_item('rename_item', :one, 'vm', 'x');
ROLLBACK;
SET SESSION AUTHORIZATION regress_writer;
SELECT rename_item('rename_item', :one, 'vm', 'x');
SELECT rename_item('rename_item two', 1, 'vm', 'x');
SET SESSION AUTHORIZATION regress_reader;
SELECT rename_item('rename_item', :one, 'vm', 'x');
SET SESSION AUTHORIZATION regress_stranger;
SELECT rename_item('rename_item', :one, 'vm', 'x');
