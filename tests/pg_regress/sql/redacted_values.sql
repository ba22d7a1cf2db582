-- How many strings of meta and correlation ids lost a secret is counted, once for each time one is written.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'redacted_values', 'writer') \gset
SELECT inventory_core.allow_meta('redacted_values', 'note', 'etag', 'list') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SELECT set_config('x.first', $$[{"policy_type": "redacted_values", "external_id": "a",
        "meta": {"note": "password=hunter2secret token=Zk83jLq0PwXm27TyVb41", "etag": "8f14e45fceea167a5a36dedd4bea2543",
                 "list": ["https://u:hunter2secret@h/", {"deep": "api_key=Zk83jLq0PwXm27TyVb41"}, 7]}},
    {"policy_type": "redacted_values", "external_id": "b", "meta": {"note": "plain"}}]$$, false) \gset

SELECT run_id AS run FROM start_run('redacted_values', '{}', 'nightly password=hunter2secret') \gset
SELECT inserted, updated, unchanged FROM upsert_items('redacted_values', :'run', current_setting('x.first')::json);
-- The same batch again: nothing is written, so nothing is counted.
SELECT inserted, updated, unchanged FROM upsert_items('redacted_values', :'run', current_setting('x.first')::json);
SELECT inserted, updated, unchanged FROM upsert_items('redacted_values', :'run',
    '[{"policy_type": "redacted_values", "external_id": "b", "meta": {"note": "sig=Zk83jLq0PwXm27TyVb41&token=Zk83jLq0PwXm27TyVb42"}}]');
-- Three strings of the first item, one of the second; two secrets in one string count once.
BEGIN;
SELECT set_tenant('redacted_values') \gset
SELECT correlation_id, redacted_values FROM sync_runs WHERE run_id = :'run';
SELECT redacted_values, count(*) FROM run_parts WHERE run_id = :'run' GROUP BY 1 ORDER BY 1;
SELECT external_id, meta FROM inventory_items ORDER BY 1;
COMMIT;
SELECT status FROM finish_run('redacted_values', :'run');
BEGIN;
SELECT set_tenant('redacted_values') \gset
SELECT redacted_values FROM sync_runs WHERE run_id = :'run';
COMMIT;

-- A later run that sees the same counts nothing.
SELECT run_id AS run FROM start_run('redacted_values', '{}', 'nightly') \gset
SELECT inserted, updated, unchanged FROM upsert_items('redacted_values', :'run', current_setting('x.first')::json);
SELECT inserted, updated, unchanged FROM upsert_items('redacted_values', :'run', current_setting('x.first')::json);
SELECT status FROM finish_run('redacted_values', :'run');
BEGIN;
SELECT set_tenant('redacted_values') \gset
SELECT redacted_values FROM sync_runs WHERE run_id = :'run';
COMMIT;

-- The digest of a meta is of its value, and tells one secret from another no more than the stored row does. What a batch
-- stores has the digest that the private functions give, so that rows which are changed past it can have it too.
SELECT run_id AS run FROM start_run('redacted_values', '{}', 'nightly') \gset
SELECT inserted, updated, unchanged FROM upsert_items('redacted_values', :'run',
    '[{"policy_type": "redacted_values", "external_id": "a", "meta": {"etag": 1.50, "list": [1e2, -0, "x"], "note": "password=hunter2secret"}}]');
SELECT inserted, updated, unchanged FROM upsert_items('redacted_values', :'run',
    '[{"policy_type": "redacted_values", "external_id": "a", "meta": {"note": "password=correcthorse", "list": [100.0, 0, "\u0078"], "etag": 1.5}}]');
SELECT inserted, updated, unchanged FROM upsert_items('redacted_values', :'run',
    '[{"policy_type": "redacted_values", "external_id": "a", "meta": {"note": "password=correcthorse", "list": [100.0, 1, "x"], "etag": 1.5}}]');
BEGIN;
SELECT set_tenant('redacted_values') \gset
SELECT external_id, meta FROM inventory_items WHERE external_id = 'a';
SELECT bool_and(meta_digest = _meta_digest(meta::text)) AS meta, bool_and(name_digest = _name_digest(display_name)) AS name,
       bool_and((key_high, key_low) = (_key_high(policy_type, external_id), _key_low(policy_type, external_id))) AS key
FROM items;
COMMIT;
