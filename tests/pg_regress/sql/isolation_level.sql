-- Writers run at READ COMMITTED; at another level they say so. Readers do not mind.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_maintainer', 'isolation_level', 'maintainer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core, inventory_core_internal;
SELECT run_id AS run FROM start_run('isolation_level', '{}') \gset

BEGIN ISOLATION LEVEL REPEATABLE READ;
SAVEPOINT s;
SELECT * FROM start_run('isolation_level', '{"a": 1}');
ROLLBACK TO s;
SELECT * FROM upsert_items('isolation_level', :'run', '[]');
ROLLBACK TO s;
SELECT heartbeat('isolation_level', :'run');
ROLLBACK TO s;
SELECT record_error('isolation_level', :'run');
ROLLBACK TO s;
SELECT finish_run('isolation_level', :'run');
ROLLBACK TO s;
SELECT reap_expired_runs('isolation_level');
ROLLBACK TO s;
SELECT forget_items('isolation_level', '{}');
ROLLBACK TO s;
SELECT set_tenant('isolation_level');
SELECT status FROM inventory_sync_runs;
SELECT confidence FROM selection_status('isolation_level', selection_hash('{}'));
SELECT count(*) FROM missing_items('isolation_level', selection_hash('{}'));
SELECT count(*) FROM missing_summary('isolation_level', selection_hash('{}'));
SELECT count(*) FROM explain_missing('isolation_level', selection_hash('{}'), 'd', '1');
SELECT count(*) FROM run_changes('isolation_level', :'run');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT finish_run('isolation_level', :'run');
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT status FROM inventory_sync_runs('isolation_level');
COMMIT;
SELECT status FROM finish_run('isolation_level', :'run');
