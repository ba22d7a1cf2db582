-- The second fence: what a role of each access level can do with the tables themselves, without our functions.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_reader', 'row_level_security', 'reader') \gset
SELECT inventory_core.grant_access('regress_reader', 'row_level_security two', 'writer') \gset
SELECT inventory_core.grant_access('regress_writer', 'row_level_security', 'writer') \gset
SELECT inventory_core.grant_access('regress_writer', 'row_level_security two', 'writer') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'row_level_security', 'maintainer') \gset

-- Two tenants with the same selection and the same item.
SET SESSION AUTHORIZATION regress_writer;
SELECT run_id AS run FROM inventory_core.start_run('row_level_security', '{}') \gset
SELECT run_id AS run2 FROM inventory_core.start_run('row_level_security two', '{}') \gset
SELECT observed FROM inventory_core.upsert_items('row_level_security', :'run', '[{"policy_type": "d", "external_id": "1"}]');
SELECT observed FROM inventory_core.upsert_items('row_level_security two', :'run2', '[{"policy_type": "d", "external_id": "1"}]');

-- One sees its own rows alone, whatever it asks for.
BEGIN;
SELECT inventory_core.set_tenant('row_level_security');
SELECT tenant_id, item_id, external_id FROM inventory_core_internal.items;
SELECT count(*) FROM inventory_core_internal.items WHERE tenant_id = 'row_level_security two' OR true;
SELECT count(*) FROM inventory_core_internal.sync_runs WHERE run_id = :'run2';
SELECT count(*) FROM inventory_core.inventory_items WHERE tenant_id <> 'row_level_security';
-- Rows of the other tenant can neither be written nor reached.
SAVEPOINT s;
INSERT INTO inventory_core_internal.selections (tenant_id, selection_hash) VALUES ('row_level_security two', repeat('0', 64));
ROLLBACK TO s;
UPDATE inventory_core_internal.items SET tenant_id = 'row_level_security two';
ROLLBACK TO s;
WITH u AS (UPDATE inventory_core_internal.items SET display_name = 'x' WHERE tenant_id = 'row_level_security two' RETURNING 1) SELECT count(*) FROM u;
WITH u AS (DELETE FROM inventory_core_internal.run_parts WHERE tenant_id = 'row_level_security two' RETURNING 1) SELECT count(*) FROM u;
WITH u AS (UPDATE inventory_core_internal.sync_runs SET correlation_id = 'x' RETURNING tenant_id) SELECT * FROM u;
-- A writer forgets nothing.
DELETE FROM inventory_core_internal.items;
ROLLBACK TO s;
DELETE FROM inventory_core_internal.sync_runs;
ROLLBACK TO s;
SELECT inventory_core.forget_items('row_level_security', ARRAY[1]);
ROLLBACK;

-- A reader reads. That it may write another tenant gives it nothing here.
SET SESSION AUTHORIZATION regress_reader;
SELECT * FROM inventory_core.start_run('row_level_security', '{"x": 1}');
SELECT * FROM inventory_core.upsert_items('row_level_security', :'run', '[]');
SELECT inventory_core.heartbeat('row_level_security', :'run');
SELECT inventory_core.record_error('row_level_security', :'run');
SELECT inventory_core.finish_run('row_level_security', :'run');
SELECT inventory_core.reap_expired_runs('row_level_security');
SELECT inventory_core.forget_items('row_level_security', ARRAY[1]);
BEGIN;
SELECT inventory_core.set_tenant('row_level_security');
SELECT count(*) FROM inventory_core.inventory_items;
SAVEPOINT s;
INSERT INTO inventory_core_internal.selections (tenant_id, selection_hash) VALUES ('row_level_security', '*');
ROLLBACK TO s;
UPDATE inventory_core_internal.items SET display_name = 'x';
ROLLBACK TO s;
UPDATE inventory_core_internal.sync_runs SET status = status;
ROLLBACK TO s;
DELETE FROM inventory_core_internal.run_parts;
ROLLBACK TO s;
INSERT INTO inventory_core_internal.last_seen SELECT 'row_level_security', '*', 0, -1, run_id, '' FROM inventory_core_internal.sync_runs;
ROLLBACK TO s;
INSERT INTO inventory_core_internal.tenants VALUES ('row_level_security') ON CONFLICT (tenant_id) DO UPDATE SET next_item_id = 9;
ROLLBACK;
-- With its writer grant it does write, there.
SELECT status FROM inventory_core.finish_run('row_level_security two', :'run2');

-- A role that was granted nothing has no access at all.
SET SESSION AUTHORIZATION DEFAULT;
CREATE ROLE regress_visitor;
SET SESSION AUTHORIZATION regress_visitor;
SELECT inventory_core.set_tenant('row_level_security');
SELECT count(*) FROM inventory_core.inventory_items;
SELECT count(*) FROM inventory_core_internal.items;
SELECT * FROM inventory_core.missing_items('row_level_security', repeat('0', 64));
SELECT inventory_core.granted_tenants();
SET SESSION AUTHORIZATION DEFAULT;
DROP ROLE regress_visitor;

-- A maintainer may do what a writer may, and forget.
SET SESSION AUTHORIZATION regress_maintainer;
SELECT status FROM inventory_core.finish_run('row_level_security', :'run');
SELECT inventory_core.forget_items('row_level_security', ARRAY[1]);
SELECT inventory_core.set_tenant('row_level_security two');

-- Where it is a writer only, it forgets nothing, though the table itself lets it delete.
SET SESSION AUTHORIZATION DEFAULT;
SELECT inventory_core.grant_access('regress_maintainer', 'row_level_security two', 'writer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SELECT inventory_core.forget_items('row_level_security two', ARRAY[1]);
BEGIN;
SELECT inventory_core.set_tenant('row_level_security two');
DELETE FROM inventory_core_internal.items;
ROLLBACK;
SELECT count(*) FROM inventory_core.inventory_items('row_level_security two');

-- A permissive policy added later does not open the fence: the restrictive one is beside it.
SET SESSION AUTHORIZATION DEFAULT;
CREATE POLICY regress_open ON inventory_core_internal.items USING (true) WITH CHECK (true);
SET SESSION AUTHORIZATION regress_writer;
BEGIN;
SELECT inventory_core.set_tenant('row_level_security');
SELECT count(*) FROM inventory_core_internal.items;
WITH u AS (UPDATE inventory_core_internal.items SET updated_at = updated_at RETURNING 1) SELECT count(*) FROM u;
INSERT INTO inventory_core_internal.items (tenant_id) VALUES ('row_level_security two');
ROLLBACK;
SET SESSION AUTHORIZATION DEFAULT;
DROP POLICY regress_open ON inventory_core_internal.items;
