-- Each view has a twin, a function that takes the tenant: the same columns, the same rows, in one statement.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'views', 'writer') \gset
SELECT inventory_core.grant_access('regress_writer', 'views two', 'writer') \gset
SELECT inventory_core.grant_access('regress_reader', 'views', 'reader') \gset
SELECT inventory_core.allow_meta('vt', 'a') \gset
SET SESSION AUTHORIZATION regress_writer;
SET inventory_core.clock = '2026-01-01 12:00:00+00';

-- Something in each of them, and in another tenant, too.
SELECT regress.sync('run 1', 'views', '{}', '{vt/1,vt/2}') \gset
SELECT regress.sync('run 2', 'views', '{}', '{vt/1}', 'partial') \gset
SELECT regress.sync('run 3', 'views', '{}', '{vt/3}', NULL) AS run3 \gset
SELECT inventory_core.record_error('views', :'run3', 'timeout') \gset
SELECT inserted, updated FROM inventory_core.upsert_items('views', :'run3', '[{"policy_type": "vt", "external_id": "3", "display_name": "three", "meta": {"a": 1}}]');
SELECT status FROM inventory_core.start_run('views', '{}');
SELECT regress.sync('other', 'views two', '{}', '{vt/1}', NULL) AS theirs \gset
SELECT inventory_core.record_error('views two', :'theirs', 'timeout') \gset

-- Columns, by name, type and order.
SELECT c.relname AS view, string_agg(a.attname, ', ' ORDER BY a.attnum) AS columns
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind = 'v'
GROUP BY c.relname ORDER BY c.relname COLLATE "C" \gx
SELECT p.proname, p.prorettype::regtype, p.proretset, p.provolatile FROM pg_proc AS p JOIN pg_class AS c ON c.relnamespace = p.pronamespace AND c.relname = p.proname
WHERE p.pronamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind = 'v' ORDER BY p.proname COLLATE "C";

-- Rows: how many, and how many that the other one does not have.
SET SESSION AUTHORIZATION regress_reader;
SET inventory_core.clock = '2026-01-01 12:01:00+00';
BEGIN;
SELECT inventory_core.set_tenant('views');
SELECT count(*), (SELECT count(*) FROM (TABLE inventory_core.inventory_items EXCEPT ALL SELECT * FROM inventory_core.inventory_items('views')) AS d) AS missing_in_twin,
       (SELECT count(*) FROM (SELECT * FROM inventory_core.inventory_items('views') EXCEPT ALL TABLE inventory_core.inventory_items) AS d) AS more_in_twin
FROM inventory_core.inventory_items('views');
SELECT count(*), (SELECT count(*) FROM (TABLE inventory_core.inventory_sync_runs EXCEPT ALL SELECT * FROM inventory_core.inventory_sync_runs('views')) AS d) AS missing_in_twin,
       (SELECT count(*) FROM (SELECT * FROM inventory_core.inventory_sync_runs('views') EXCEPT ALL TABLE inventory_core.inventory_sync_runs) AS d) AS more_in_twin
FROM inventory_core.inventory_sync_runs('views');
SELECT count(*), (SELECT count(*) FROM (TABLE inventory_core.inventory_sync_errors EXCEPT ALL SELECT * FROM inventory_core.inventory_sync_errors('views')) AS d) AS missing_in_twin,
       (SELECT count(*) FROM (SELECT * FROM inventory_core.inventory_sync_errors('views') EXCEPT ALL TABLE inventory_core.inventory_sync_errors) AS d) AS more_in_twin
FROM inventory_core.inventory_sync_errors('views');
SELECT count(*), (SELECT count(*) FROM (TABLE inventory_core.inventory_selections EXCEPT ALL SELECT * FROM inventory_core.inventory_selections('views')) AS d) AS missing_in_twin,
       (SELECT count(*) FROM (SELECT * FROM inventory_core.inventory_selections('views') EXCEPT ALL TABLE inventory_core.inventory_selections) AS d) AS more_in_twin
FROM inventory_core.inventory_selections('views');
SELECT count(*), (SELECT count(*) FROM (TABLE inventory_core.run_progress EXCEPT ALL SELECT * FROM inventory_core.run_progress('views')) AS d) AS missing_in_twin,
       (SELECT count(*) FROM (SELECT * FROM inventory_core.run_progress('views') EXCEPT ALL TABLE inventory_core.run_progress) AS d) AS more_in_twin
FROM inventory_core.run_progress('views');
COMMIT;

-- Who saw a chunk of items is asked once, not with each item; also where nobody has analyzed the table yet.
SET SESSION AUTHORIZATION DEFAULT;
BEGIN;
DELETE FROM pg_statistic WHERE starelid = 'inventory_core_internal.items'::regclass;
SET LOCAL track_functions = 'pl';
SELECT count(*) AS items, pg_stat_get_xact_function_calls('inventory_core_internal._seen'::regproc) AS asked FROM inventory_core.inventory_items('views');
ROLLBACK;

-- For a superuser the view shows every tenant, the twin still the one that was asked for.
SELECT DISTINCT tenant_id FROM inventory_core.inventory_items WHERE tenant_id LIKE 'views%' ORDER BY tenant_id;
SELECT DISTINCT tenant_id FROM inventory_core.inventory_items('views');

SET SESSION AUTHORIZATION regress_reader;
SELECT * FROM inventory_core.inventory_items(NULL);
SELECT * FROM inventory_core.inventory_sync_runs('views two');
SELECT * FROM inventory_core.inventory_sync_errors('*');
SELECT * FROM inventory_core.inventory_selections('');
SELECT * FROM inventory_core.run_progress('not mine');
