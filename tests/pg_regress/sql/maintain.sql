-- maintain: reaps and prunes every tenant of which the caller is a maintainer, one after the other, each committed.
SELECT inventory_core.grant_access('regress_maintainer', 'maintain a', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'maintain b', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'maintain c', 'writer') \gset
SELECT inventory_core.grant_access('regress_writer', 'maintain d', 'writer') \gset
CREATE ROLE regress_every LOGIN;
SELECT inventory_core.grant_access('regress_every', '*', 'writer') \gset
CREATE FUNCTION regress.seven_runs(tenant text) RETURNS void LANGUAGE sql AS $$
    SELECT regress.sync('run ' || n, tenant, '{}', '{vm/1}') FROM generate_series(1, 6) AS n;
    SELECT s.run_id FROM inventory_core.start_run(tenant, '{"dead": 1}', lease => '1 second') AS s;
$$;
-- What is there of the four tenants, as a superuser sees it.
CREATE VIEW regress.runs AS
SELECT tenant_id, count(*) FILTER (WHERE status <> 'running') AS completed, count(*) FILTER (WHERE status = 'running') AS running
FROM inventory_core_internal.sync_runs WHERE tenant_id ~ '^maintain' GROUP BY tenant_id ORDER BY tenant_id;

SET inventory_core.clock = '2026-01-01 00:00:00+00';
SELECT regress.seven_runs('maintain a') \gset
SELECT regress.seven_runs('maintain b') \gset
SELECT regress.seven_runs('maintain c') \gset
SELECT regress.seven_runs('maintain d') \gset
SELECT * FROM regress.runs;

-- By default all of that is young, but the dead runs have been silent for too long.
SET SESSION AUTHORIZATION regress_maintainer;
SET inventory_core.clock = '2026-01-02 00:00:00+00';
CALL inventory_core.maintain();
RESET SESSION AUTHORIZATION;
SELECT * FROM regress.runs;
-- As a maintainer of two tenants: both, and neither the one of which the caller is a writer nor those of others.
SET SESSION AUTHORIZATION regress_maintainer;
CALL inventory_core.maintain('0', keep_last => 2);
SELECT inventory_core.current_tenant();
RESET SESSION AUTHORIZATION;
SELECT * FROM regress.runs;

-- One that fails is a warning, what comes after it is maintained all the same, and the whole is an error at the end.
CREATE FUNCTION regress.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no' USING ERRCODE = '23514'; END $$;
CREATE TRIGGER fail BEFORE DELETE ON inventory_core_internal.sync_runs FOR EACH ROW WHEN (OLD.tenant_id = 'maintain a') EXECUTE FUNCTION regress.fail();
GRANT EXECUTE ON FUNCTION regress.fail() TO PUBLIC;
SET SESSION AUTHORIZATION regress_maintainer;
CALL inventory_core.maintain('0', 0);
RESET SESSION AUTHORIZATION;
SELECT * FROM regress.runs;
DROP TRIGGER fail ON inventory_core_internal.sync_runs;

-- Whoever was granted every tenant as a maintainer maintains all that there are; it still cannot read them unbound.
SET SESSION AUTHORIZATION regress_every;
CALL inventory_core.maintain('0', 0);
RESET SESSION AUTHORIZATION;
SELECT * FROM regress.runs;
SELECT inventory_core.grant_access('regress_every', '*', 'maintainer') \gset
GRANT SET ON PARAMETER inventory_core.clock TO regress_every;
SET SESSION AUTHORIZATION regress_every;
SET inventory_core.clock = '2026-01-02 00:00:00+00';
CALL inventory_core.maintain(keep_last => 3);
CALL inventory_core.maintain('0', 3);
SELECT count(*) FROM inventory_core_internal.tenants;
RESET SESSION AUTHORIZATION;
SELECT * FROM regress.runs;
-- So does a superuser.
SET inventory_core.clock = '2026-01-02 00:00:00+00';
CALL inventory_core.maintain('0', 1);
SELECT * FROM regress.runs;

-- It commits, so it is a statement of its own; and arguments that make no sense.
\set VERBOSITY sqlstate
SET SESSION AUTHORIZATION regress_maintainer;
BEGIN;
CALL inventory_core.maintain();
ROLLBACK;
CALL inventory_core.maintain(NULL);
CALL inventory_core.maintain('1 day', NULL);
CALL inventory_core.maintain('-1 day');
CALL inventory_core.maintain('1 day', -1);
\set VERBOSITY default
BEGIN;
SELECT inventory_core.set_tenant('maintain a') \gset
CALL inventory_core.maintain();
ROLLBACK;
-- For maintainers of something.
\set VERBOSITY sqlstate
SET SESSION AUTHORIZATION regress_writer;
CALL inventory_core.maintain();
RESET SESSION AUTHORIZATION;
CREATE ROLE regress_visitor;
SET SESSION AUTHORIZATION regress_visitor;
CALL inventory_core.maintain();
RESET SESSION AUTHORIZATION;
DROP ROLE regress_visitor;
DROP VIEW regress.runs;
DROP FUNCTION regress.seven_runs, regress.fail;
DELETE FROM inventory_core_internal.tenant_grants WHERE role_name = 'regress_every';
DROP OWNED BY regress_every;
DROP ROLE regress_every;
