-- upsert_items: what a batch does to the catalogue, and what it says about it.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'upsert_items', 'writer') \gset
SELECT inventory_core.allow_meta('ui', 'a', 'b') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET inventory_core.clock = '2026-01-01 12:00:00+00';
SELECT run_id AS run FROM start_run('upsert_items', '{}') \gset

-- New items. The last of two same ones wins whole, nothing of the first is kept; what it dropped is counted all the same.
SET inventory_core.clock = '2026-01-01 12:01:00+00';
\set items '[{"policy_type": "ui", "external_id": "1", "display_name": "one", "meta": {"a": 1, "x": 0}}, {"policy_type": "ui", "external_id": "2", "display_name": "first", "meta": {"a": 1, "y": 0}}, {"policy_type": "ui", "external_id": "2"}]'
SELECT * FROM upsert_items('upsert_items', :'run', :'items');
SELECT item_id, policy_type, external_id, display_name, meta, first_seen_at, updated_at, last_seen_at, last_seen_run_id = :'run' AS last_seen_run
FROM inventory_items('upsert_items') ORDER BY item_id;

-- A replay changes nothing: not the items, nor the counts of the run.
SET inventory_core.clock = '2026-01-01 12:02:00+00';
SELECT * FROM upsert_items('upsert_items', :'run', :'items');
SELECT external_id, updated_at FROM inventory_items('upsert_items') ORDER BY item_id;
SELECT observed_count, inserted_count, updated_count, unchanged_count FROM inventory_sync_runs('upsert_items');

-- Key and type are compared byte by byte; the same id in another type is another item.
SELECT * FROM upsert_items('upsert_items', :'run', '[{"policy_type": "ui", "external_id": "K"}, {"policy_type": "ui", "external_id": "k"}, {"policy_type": "ui", "external_id": "k "}, {"policy_type": "UI", "external_id": "k"}, {"policy_type": "ui", "external_id": "\u00e9"}, {"policy_type": "ui", "external_id": "e\u0301"}]');

-- Order of fields and keys, blanks and escapes are no change; other digits of a number are.
SELECT status FROM finish_run('upsert_items', :'run');
SELECT run_id AS run FROM start_run('upsert_items', '{}') \gset
SELECT updated, unchanged FROM upsert_items('upsert_items', :'run', '[{"meta": {"x": 1, "a" : 1},"display_name": "\u006fne", "external_id":"1","policy_type":"ui" }]');
SELECT updated, unchanged FROM upsert_items('upsert_items', :'run', '[{"policy_type": "ui", "external_id": "1", "meta": {"a": 1.0}}]');
SELECT meta FROM inventory_items('upsert_items') WHERE policy_type = 'ui' AND external_id = '1';

-- An item that is new in one batch and changed in the next counts once, as inserted; one that was there counts as updated.
SELECT inserted FROM upsert_items('upsert_items', :'run', '[{"policy_type": "ui", "external_id": "3", "display_name": "three"}]');
SELECT updated FROM upsert_items('upsert_items', :'run', '[{"policy_type": "ui", "external_id": "3", "display_name": "drei"}, {"policy_type": "ui", "external_id": "2", "display_name": "two"}]');
SELECT unchanged FROM upsert_items('upsert_items', :'run', '[{"policy_type": "ui", "external_id": "2"}, {"policy_type": "ui", "external_id": "k"}]');
SELECT observed_count, inserted_count, updated_count, unchanged_count FROM inventory_sync_runs('upsert_items') WHERE run_id = :'run';
SELECT observed_count, inserted_count, updated_count, unchanged_count FROM finish_run('upsert_items', :'run');

-- Nothing of a batch that was rolled back stays, and its ids are not burnt.
SELECT run_id AS run FROM start_run('upsert_items', '{}') \gset
BEGIN;
SELECT inserted FROM upsert_items('upsert_items', :'run', '[{"policy_type": "ui", "external_id": "4"}]');
ROLLBACK;
SELECT inserted FROM upsert_items('upsert_items', :'run', '[{"policy_type": "ui", "external_id": "5"}]');
SELECT item_id, external_id FROM inventory_items('upsert_items') ORDER BY item_id DESC LIMIT 2;

-- A later statement of the same transaction sees what the batch did.
BEGIN;
SELECT inserted, updated FROM upsert_items('upsert_items', :'run', '[{"policy_type": "ui", "external_id": "6", "display_name": "six"}]');
SELECT inserted, updated FROM upsert_items('upsert_items', :'run', '[{"policy_type": "ui", "external_id": "6", "display_name": "sechs"}]');
SELECT display_name, last_seen_run_id = :'run' AS last_seen_run FROM inventory_items WHERE external_id = '6';
COMMIT;

-- After the end of the run: refused, nothing stored.
SELECT status FROM finish_run('upsert_items', :'run');
SELECT * FROM upsert_items('upsert_items', :'run', '[{"policy_type": "ui", "external_id": "7"}]');
SELECT count(*) FROM inventory_items('upsert_items') WHERE external_id = '7';

-- Arguments.
SELECT * FROM upsert_items(NULL, :'run', '[]');
SELECT * FROM upsert_items('upsert_items', NULL, '[]');
SELECT * FROM upsert_items('upsert_items', :'run', NULL);
SELECT * FROM upsert_items('upsert_items', :'run', '[]', NULL);
SELECT run_id AS run FROM start_run('upsert_items', '{}') \gset
SELECT * FROM upsert_items('upsert_items', :'run', '[]', 'ignore');
SELECT * FROM upsert_items('upsert_items', :'run', '[');
