-- doctor: what an operator should look at, each with what to do; never a name of another tenant for a plain role.
SELECT inventory_core.grant_access('regress_maintainer', 'doctor', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_reader', 'doctor', 'reader') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'doctor two', 'maintainer') \gset
CREATE ROLE regress_bypass LOGIN BYPASSRLS;
CREATE ROLE regress_visitor LOGIN;
-- The check itself, without what differs from server to server.
CREATE VIEW regress.doctor WITH (security_invoker = true) AS
SELECT check_name, ok, hint IS NOT NULL AS has_hint FROM inventory_core.doctor() WHERE check_name NOT IN ('server_version', 'dump_role', 'meta_whitelist');
GRANT SELECT ON regress.doctor TO PUBLIC;

-- As a plain role, unbound and bound; a reader may.
SET SESSION AUTHORIZATION regress_reader;
SELECT * FROM regress.doctor;
SELECT check_name FROM inventory_core.doctor() WHERE ok IS NULL AND detail !~ '^Not checked: ';
BEGIN;
SELECT inventory_core.set_tenant('doctor') \gset
SELECT * FROM regress.doctor;
COMMIT;
RESET SESSION AUTHORIZATION;
SELECT check_name, ok FROM inventory_core.doctor() WHERE check_name = 'row_level_security';
SELECT count(*) = count(DISTINCT check_name) AS each_once, bool_and((hint IS NULL) = ok) AS what_to_do FROM inventory_core.doctor();

-- What goes wrong is found: in the tenant that is bound, and in no other.
SET SESSION AUTHORIZATION regress_maintainer;
SET inventory_core.clock = '2026-01-01 00:00:00+00';
SELECT run_id FROM inventory_core.start_run('doctor', '{"dead": 1}') \gset
SELECT run_id FROM inventory_core.start_run('doctor', '{"long": 1}', lease => '7 days') \gset
SELECT regress.sync('run', 'doctor two', '{"fine": 1}', '{vm/1}') \gset
SET inventory_core.clock = '2026-01-03 00:00:00+00';
BEGIN;
SELECT inventory_core.set_tenant('doctor') \gset
SELECT check_name, regexp_replace(detail, ': [0-9a-f-]+\.$', ': <id>.') AS detail, hint FROM inventory_core.doctor() WHERE check_name IN ('clock', 'expired_runs', 'long_runs', 'never_completed');
COMMIT;
BEGIN;
SELECT inventory_core.set_tenant('doctor two') \gset
SELECT check_name, ok, detail FROM inventory_core.doctor() WHERE check_name IN ('expired_runs', 'long_runs', 'never_completed', 'last_seen_sets');
SELECT count(*) AS of_the_other FROM inventory_core.doctor() WHERE detail ~ '\mdoctor\M(?! two)';
COMMIT;
RESET inventory_core.clock;
RESET SESSION AUTHORIZATION;
BEGIN;
UPDATE inventory_core_internal.last_seen SET item_ids = (SELECT item_ids FROM inventory_core_internal._bitmap_chunks('{1,2,3}')) WHERE tenant_id = 'doctor two' AND selection_hash = '*';
UPDATE inventory_core_internal.sync_runs SET status = 'running' WHERE tenant_id = 'doctor two';
SELECT check_name, ok, regexp_replace(detail, '[0-9a-f-]{36}|[0-9a-f]{64}', '<id>', 'g') AS detail, hint FROM inventory_core.doctor() WHERE check_name = 'last_seen_sets';
ROLLBACK;
-- Each thing that may be wrong with them, alone: more items than the run observed, one item in two sets, sets of another selection.
BEGIN;
UPDATE inventory_core_internal.last_seen SET item_ids = (SELECT item_ids FROM inventory_core_internal._bitmap_chunks('{1,2,3}')) WHERE tenant_id = 'doctor two' AND selection_hash = '*';
SELECT ok, regexp_replace(detail, '[0-9a-f-]{36}|[0-9a-f]{64}', '<id>', 'g') AS detail FROM inventory_core.doctor() WHERE check_name = 'last_seen_sets';
ROLLBACK;
BEGIN;
SELECT regress.sync('run', 'doctor two', '{"fine": 1}', '{vm/2}') \gset
UPDATE inventory_core_internal.last_seen SET item_ids = (SELECT item_ids FROM inventory_core_internal._bitmap_chunks('{1}')) WHERE tenant_id = 'doctor two' AND selection_hash = '*';
SELECT ok, regexp_replace(detail, '[0-9a-f-]{36}|[0-9a-f]{64}', '<id>', 'g') AS detail FROM inventory_core.doctor() WHERE check_name = 'last_seen_sets';
ROLLBACK;
BEGIN;
SELECT regress.sync('run', 'doctor two', '{"other": 1}', '{vm/2}') \gset
UPDATE inventory_core_internal.last_seen SET selection_hash = inventory_core.selection_hash('{"other": 1}') WHERE tenant_id = 'doctor two' AND selection_hash = inventory_core.selection_hash('{"fine": 1}');
SELECT ok, regexp_replace(detail, '[0-9a-f-]{36}|[0-9a-f]{64}', '<id>', 'g') AS detail FROM inventory_core.doctor() WHERE check_name = 'last_seen_sets';
ROLLBACK;

-- For which all tenants have to be seen: slots of runs that are over, grants of roles that are no more.
BEGIN;
INSERT INTO inventory_core_internal.tenant_grants (tenant_id, role_name, role_oid, access, granted_at) VALUES ('doctor', 'regress_nobody', 1, 'reader', now());
UPDATE inventory_core_internal.run_slots SET holder = '\x00', expires_at = '2100-01-01 00:00:00+00' WHERE slot_no = 1000;
ALTER TABLE inventory_core_internal.items NO FORCE ROW LEVEL SECURITY;
DELETE FROM inventory_core_internal.meta_whitelist;
SELECT set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO', true) \gset
SELECT check_name, detail, hint FROM inventory_core.doctor() WHERE check_name IN ('run_slots', 'grants', 'policies') AND NOT ok;
SELECT ok, detail, hint FROM inventory_core.doctor() WHERE check_name = 'meta_whitelist';
-- The command that it gives does it.
UPDATE inventory_core_internal.run_slots SET holder = NULL, expires_at = NULL WHERE holder NOT IN (SELECT inventory_core_internal._slot_holder(tenant_id, run_id) FROM inventory_core_internal.sync_runs WHERE status = 'running');
SELECT ok FROM inventory_core.doctor() WHERE check_name = 'run_slots';
ROLLBACK;
-- Access that is not as grant_access gives it: foreign privileges, missing memberships, members without a grant, group roles
-- that somebody changed, triggers that do not fire always.
BEGIN;
SELECT inventory_core.grant_access('regress_bypass', 'doctor', 'reader') \gset
GRANT SELECT ON inventory_core_internal.items TO regress_visitor;
GRANT EXECUTE ON FUNCTION inventory_core.forget_tenant TO PUBLIC;
GRANT SELECT (meta) ON inventory_core_internal.items TO regress_visitor;
REVOKE EXECUTE ON FUNCTION inventory_core.heartbeat FROM inventory_core_writer;
GRANT TRUNCATE ON inventory_core_internal.items TO inventory_core_writer;
REVOKE inventory_core_reader FROM regress_bypass;
GRANT inventory_core_writer TO regress_visitor;
ALTER ROLE inventory_core_writer LOGIN;
GRANT pg_read_all_data TO inventory_core_reader;
ALTER TABLE inventory_core_internal.sync_errors ENABLE TRIGGER redact_guard;
SELECT check_name, ok, detail, hint FROM inventory_core.doctor() WHERE check_name IN ('group_roles', 'group_privileges', 'privileges', 'triggers', 'memberships');
SELECT detail ~ '[ ,]regress_visitor[,.]' AS named FROM inventory_core.doctor() WHERE check_name = 'members_without_grant';
ROLLBACK;
-- Versions, and who can dump.
SELECT inventory_core_internal._security_floor(m) AS floor FROM unnest(ARRAY[15, 16, 17, 18, 19]) AS m;
BEGIN;
CREATE OR REPLACE FUNCTION inventory_core_internal._security_floor(major integer) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 99;
SELECT ok, detail ~ '^PostgreSQL .*; row-level security has no known leak from [0-9]+\.99 on\.$' AS says_so, hint FROM inventory_core.doctor() WHERE check_name = 'server_version';
ROLLBACK;
BEGIN;
UPDATE pg_extension SET extversion = '0.0.9' WHERE extname = 'inventory_core';
SELECT ok, detail ~ '^Catalogue 0\.0\.9, library in this session (.+), files on the server \1\.$' AS says_so, hint FROM inventory_core.doctor() WHERE check_name = 'library_version';
ROLLBACK;
SELECT ok, detail ~ 'regress_bypass' AS named FROM inventory_core.doctor() WHERE check_name = 'dump_role';
GRANT SELECT ON ALL TABLES IN SCHEMA inventory_core_internal TO regress_bypass;
REVOKE SELECT ON inventory_core_internal.items FROM regress_bypass;
SELECT ok, detail ~ 'cannot read every table: regress_bypass\.$' AS named, hint FROM inventory_core.doctor() WHERE check_name = 'dump_role';
GRANT SELECT ON ALL TABLES IN SCHEMA inventory_core, inventory_core_internal TO regress_bypass;
GRANT USAGE ON SCHEMA inventory_core_internal TO regress_bypass;
-- To dump all is no foreign privilege of a role that sees all anyway.
SELECT ok FROM inventory_core.doctor() WHERE check_name = 'privileges';
SELECT ok, detail ~ 'can dump every tenant: .*regress_bypass.*\. Roles' AS named FROM inventory_core.doctor() WHERE check_name = 'dump_role';
-- A role with BYPASSRLS sees all tenants as a superuser does.
SELECT inventory_core.grant_access('regress_bypass', 'doctor', 'reader') \gset
SET SESSION AUTHORIZATION regress_bypass;
SELECT check_name, ok IS NOT NULL AS looked_at FROM inventory_core.doctor() WHERE check_name IN ('row_level_security', 'expired_runs', 'run_slots', 'grants');
RESET SESSION AUTHORIZATION;

-- For whoever was granted something.
\set VERBOSITY sqlstate
SET SESSION AUTHORIZATION regress_visitor;
SELECT count(*) FROM inventory_core.doctor();
RESET SESSION AUTHORIZATION;
DROP VIEW regress.doctor;
DROP OWNED BY regress_bypass;
DELETE FROM inventory_core_internal.tenant_grants WHERE role_name = 'regress_bypass';
DROP ROLE regress_bypass, regress_visitor;
