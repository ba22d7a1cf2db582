-- A selection that lists names only, beside a full one: what it omits it leaves alone, and its runs prove presence all the same.
SELECT inventory_core.grant_access('regress_writer', 'list_only', 'writer') \gset
SELECT inventory_core.allow_meta('lo', 'size') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{"detail": "full"}') AS full, selection_hash('{"detail": "list"}') AS list \gset

SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT run_id AS run FROM start_run('list_only', '{"detail": "full"}', 'full 1') \gset
SELECT inserted FROM upsert_items('list_only', :'run', '[{"policy_type": "lo", "external_id": "1", "display_name": "one", "meta": {"size": 1}}, {"policy_type": "lo", "external_id": "2", "display_name": "two", "meta": {"size": 2}}]');
SELECT status FROM finish_run('list_only', :'run');

-- The list brings ids alone: nothing is written for the items, one of which it does not have.
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT run_id AS run FROM start_run('list_only', '{"detail": "list"}', 'list 1') \gset
SELECT inserted, updated, unchanged FROM upsert_items('list_only', :'run', '[{"policy_type": "lo", "external_id": "1"}, {"policy_type": "lo", "external_id": "3", "display_name": "three"}]');
SELECT status FROM finish_run('list_only', :'run');
SELECT external_id, display_name, meta, updated_at, last_seen_at, regress.label('list_only', last_seen_run_id) AS last_seen_run FROM inventory_items('list_only') ORDER BY external_id;
-- Neither selection misses what only the other one knows.
SELECT count(*) FROM missing_items('list_only', :'full');
SELECT count(*) FROM missing_items('list_only', :'list');

-- The full one fills in what the list found, and does not clear what it omits.
SET inventory_core.clock = '2026-01-01 03:00:00+00';
SELECT run_id AS run FROM start_run('list_only', '{"detail": "full"}', 'full 2') \gset
SELECT updated FROM upsert_items('list_only', :'run', '[{"policy_type": "lo", "external_id": "3", "meta": {"size": 3}}]');
SELECT status FROM finish_run('list_only', :'run');
SELECT external_id, display_name, meta, updated_at, regress.label('list_only', last_seen_run_id) AS last_seen_run FROM inventory_items('list_only') ORDER BY external_id;
SELECT external_id, meta, regress.label('list_only', last_seen_run_id) AS last_seen_run FROM missing_items('list_only', :'full');
