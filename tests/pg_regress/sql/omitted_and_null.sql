-- display_name and meta: omitted leaves what is stored, null clears, a given meta replaces the whole, after the whitelist.
SELECT inventory_core.grant_access('regress_writer', 'omitted_and_null', 'writer') \gset
SELECT inventory_core.allow_meta('on', 'a', 'b') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SELECT run_id AS run FROM start_run('omitted_and_null', '{}') \gset

-- On a new item omitted and null are the same: nothing. An empty object and an empty text are something.
SELECT inserted FROM upsert_items('omitted_and_null', :'run', '[{"policy_type": "on", "external_id": "1"}, {"policy_type": "on", "external_id": "2", "display_name": null, "meta": null}, {"policy_type": "on", "external_id": "3", "display_name": "", "meta": {}}, {"policy_type": "on", "external_id": "4", "display_name": "four", "meta": {"a": 1, "b": 2}}]');
\pset null NULL
SELECT external_id, display_name, meta FROM inventory_items('omitted_and_null') ORDER BY external_id;
SELECT updated, unchanged FROM upsert_items('omitted_and_null', :'run', '[{"policy_type": "on", "external_id": "1", "display_name": null, "meta": null}, {"policy_type": "on", "external_id": "2"}, {"policy_type": "on", "external_id": "3"}, {"policy_type": "on", "external_id": "4"}]');

-- One at a time: the other is left alone.
SELECT updated FROM upsert_items('omitted_and_null', :'run', '[{"policy_type": "on", "external_id": "4", "meta": {"b": 3}}]');
SELECT display_name, meta FROM inventory_items('omitted_and_null') WHERE external_id = '4';
SELECT updated FROM upsert_items('omitted_and_null', :'run', '[{"policy_type": "on", "external_id": "4", "display_name": "vier"}]');
SELECT display_name, meta FROM inventory_items('omitted_and_null') WHERE external_id = '4';
SELECT updated FROM upsert_items('omitted_and_null', :'run', '[{"policy_type": "on", "external_id": "4", "meta": null}]');
SELECT display_name, meta FROM inventory_items('omitted_and_null') WHERE external_id = '4';
SELECT updated FROM upsert_items('omitted_and_null', :'run', '[{"policy_type": "on", "external_id": "4", "display_name": null, "meta": {"x": 1}}]');
SELECT display_name, meta FROM inventory_items('omitted_and_null') WHERE external_id = '4';
-- A JSON null inside meta is a value.
SELECT updated FROM upsert_items('omitted_and_null', :'run', '[{"policy_type": "on", "external_id": "4", "meta": {"a": null}}]');
SELECT display_name, meta FROM inventory_items('omitted_and_null') WHERE external_id = '4';
