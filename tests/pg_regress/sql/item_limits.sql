-- The limits of an item and of a batch, from the inside: what is just small enough is stored as it is.
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT inventory_core.grant_access('regress_writer', 'item_limits', 'writer') \gset
SELECT inventory_core.allow_meta('il', 'a') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SELECT run_id AS run FROM start_run('item_limits', '{}') \gset

-- 50,000 items are a batch, one more is too many, in either mode, bad ones counted.
SELECT * FROM upsert_items('item_limits', :'run', (SELECT json_agg(json_build_object('policy_type', 'many', 'external_id', n::text)) FROM generate_series(1, 50001) AS n));
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM upsert_items('item_limits', :'run', (SELECT json_agg(1) FROM generate_series(1, 50001)), 'record');
SELECT count(*) FROM inventory_items('item_limits');
SELECT observed, inserted FROM upsert_items('item_limits', :'run', (SELECT json_agg(json_build_object('policy_type', 'many', 'external_id', n::text)) FROM generate_series(1, 50000) AS n));
SELECT observed, duplicates, unchanged FROM upsert_items('item_limits', :'run', (SELECT json_agg(json_build_object('policy_type', 'many', 'external_id', '1')) FROM generate_series(1, 50000)));

-- Keys at their limit, in bytes.
SELECT inserted FROM upsert_items('item_limits', :'run', json_build_array(
    json_build_object('policy_type', repeat('ü', 100), 'external_id', repeat('€', 682) || 'xx'),
    json_build_object('policy_type', repeat('x', 200), 'external_id', (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 64) AS n))));
SELECT octet_length(policy_type), octet_length(external_id) FROM inventory_items('item_limits') WHERE policy_type <> 'many' ORDER BY length(policy_type);

-- A display_name is cut after 1,000 characters, and what is cut is no change.
SELECT inserted FROM upsert_items('item_limits', :'run', json_build_array(json_build_object('policy_type', 'il', 'external_id', '1', 'display_name', repeat('ü', 1001))));
SELECT updated, unchanged FROM upsert_items('item_limits', :'run', json_build_array(json_build_object('policy_type', 'il', 'external_id', '1', 'display_name', repeat('ü', 1000) || 'other')));
SELECT length(display_name), display_name = repeat('ü', 1000) AS cut FROM inventory_items('item_limits') WHERE policy_type = 'il';

-- meta: 64 KiB after the whitelist, so what is dropped does not count.
SELECT inserted, rejected, dropped_meta_keys
FROM upsert_items('item_limits', :'run', json_build_array(
    json_build_object('policy_type', 'il', 'external_id', 'dropped', 'meta', json_build_object('a', 1, 'x', repeat('x', 100000))),
    json_build_object('policy_type', 'il', 'external_id', 'most', 'meta', json_build_object('a', repeat('x', 65528))),
    json_build_object('policy_type', 'il', 'external_id', 'more', 'meta', json_build_object('a', repeat('x', 65529)))), 'record');
SELECT external_id, length(meta::text) FROM inventory_items('item_limits') WHERE policy_type = 'il' AND external_id <> '1' ORDER BY external_id;
-- It is measured as it is read again, digits written out.
SELECT inserted, rejected
FROM upsert_items('item_limits', :'run', '[{"policy_type": "il", "external_id": "digits", "meta": {"a": 1e65520}},
    {"policy_type": "il", "external_id": "more digits", "meta": {"a": [1e32700, {"b": 1e32900}]}}]', 'record');
SELECT external_id, length(meta::text) FROM inventory_items('item_limits') WHERE external_id LIKE '%digits';
-- What is dropped does not matter in other ways, either.
SELECT inserted, rejected, dropped_meta_keys
FROM upsert_items('item_limits', :'run', '[{"policy_type": "il", "external_id": "odd", "meta": {"x": "\u0000", "y": 1e999999, "z": "\ud800"}}]');
