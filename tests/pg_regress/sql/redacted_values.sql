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
