-- Every SQLSTATE that the extension raises of its own, with DETAIL and HINT. Other files show the SQLSTATE only.
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT inventory_core.grant_access('regress_reader', 'errors', 'reader') \gset
-- A writer elsewhere: the tables let it write, the policies do not.
SELECT inventory_core.grant_access('regress_reader', 'errors two', 'writer') \gset
SELECT inventory_core.grant_access('regress_writer', 'errors', 'writer') \gset
SELECT inventory_core.grant_access('regress_writer', 'errors two', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;

-- 22023 invalid_parameter_value
SELECT set_tenant('');
\echo :LAST_ERROR_SQLSTATE
SELECT selection_hash('{"n": 9007199254740993}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM start_run('errors', '[]');
\echo :LAST_ERROR_SQLSTATE
SELECT run_id AS run FROM start_run('errors', '{}', request_id => '11111111-1111-1111-1111-111111111111') \gset
SELECT * FROM start_run('errors', '{"a": 1}', request_id => '11111111-1111-1111-1111-111111111111');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM upsert_items('errors', :'run', '{}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM upsert_items('errors', :'run', '[{"policy_type": "d", "external_id": "1"}, {"policy_type": "d"}]');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM upsert_items('errors', :'run', '[]', 'ignore');
\echo :LAST_ERROR_SQLSTATE
SELECT finish_run('errors', :'run', 'done');
\echo :LAST_ERROR_SQLSTATE
SELECT finish_run('errors', :'run', expected_items => -1);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM missing_items('errors', 'abc');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM missing_items('errors', selection_hash('{}'), 'last');
\echo :LAST_ERROR_SQLSTATE
SELECT retry_delay(-1, 503);
\echo :LAST_ERROR_SQLSTATE
SET SESSION AUTHORIZATION DEFAULT;
SELECT inventory_core.grant_access('regress_writer', 'errors', 'owner');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory_core.allow_meta('', 'size');
\echo :LAST_ERROR_SQLSTATE
SET SESSION AUTHORIZATION regress_writer;

-- 22004 null_value_not_allowed
SELECT set_tenant(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM upsert_items('errors', :'run', NULL);
\echo :LAST_ERROR_SQLSTATE

-- 42501 insufficient_privilege: not granted, not far enough, bound to another one
SELECT set_tenant('not mine');
\echo :LAST_ERROR_SQLSTATE
SET SESSION AUTHORIZATION regress_reader;
SELECT * FROM start_run('errors', '{}');
\echo :LAST_ERROR_SQLSTATE
BEGIN;
SELECT set_tenant('errors');
INSERT INTO selections (tenant_id, selection_hash) VALUES ('errors', '*');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SET SESSION AUTHORIZATION regress_writer;
BEGIN;
SELECT set_tenant('errors two');
SELECT set_tenant('errors');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

-- P0002 no_data_found
SELECT finish_run('errors two', :'run');
\echo :LAST_ERROR_SQLSTATE

-- 55000 object_not_in_prerequisite_state: unbound, not running, finish with another status
SELECT * FROM inventory_items;
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM items;
\echo :LAST_ERROR_SQLSTATE
SELECT status FROM finish_run('errors', :'run');
SELECT * FROM upsert_items('errors', :'run', '[]');
\echo :LAST_ERROR_SQLSTATE
SELECT finish_run('errors', :'run', 'failed');
\echo :LAST_ERROR_SQLSTATE

-- 0A000 feature_not_supported
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM start_run('errors', '{}');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

-- 54001 statement_too_complex
SELECT selection_hash((repeat('[', 129) || repeat(']', 129))::jsonb);
\echo :LAST_ERROR_SQLSTATE
