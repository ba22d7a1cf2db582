-- grant_access, revoke_access, granted_tenants: who may bind which tenant, and how far.
\set VERBOSITY sqlstate
CREATE ROLE regress_team;
CREATE ROLE regress_member;
CREATE ROLE regress_outsider;
CREATE ROLE regress_reluctant NOINHERIT;
GRANT regress_team TO regress_member;
GRANT regress_team TO regress_reluctant;

-- A grant to a role reaches its members; nobody else.
SELECT inventory_core.grant_access('regress_team', 'grant_access', 'writer') \gset
SET SESSION AUTHORIZATION regress_member;
SELECT inventory_core.granted_tenants();
SELECT inventory_core.set_tenant('grant_access');
SELECT status FROM inventory_core.start_run('grant_access', '{}');
SET SESSION AUTHORIZATION regress_outsider;
SELECT inventory_core.granted_tenants();
SELECT inventory_core.set_tenant('grant_access');

-- A member that does not inherit has to become the team. Giving the role up makes the binding void, though not gone: what
-- it had bound is there again with the role. The member needs privileges of its own to ask at all.
SET SESSION AUTHORIZATION DEFAULT;
GRANT EXECUTE ON FUNCTION inventory_core.current_tenant TO regress_reluctant;
SET SESSION AUTHORIZATION regress_reluctant;
SELECT inventory_core.granted_tenants();
SELECT inventory_core.set_tenant('grant_access');
BEGIN;
SET ROLE regress_team;
SELECT inventory_core.set_tenant('grant_access');
SELECT count(*) AS runs FROM inventory_core.inventory_sync_runs;
RESET ROLE;
SELECT inventory_core.current_tenant() IS NULL AS void;
SAVEPOINT s;
SELECT count(*) AS runs FROM inventory_core.inventory_sync_runs;
ROLLBACK TO s;
SET ROLE regress_team;
SELECT count(*) AS runs FROM inventory_core.inventory_sync_runs;
ROLLBACK;
SET SESSION AUTHORIZATION DEFAULT;
REVOKE EXECUTE ON FUNCTION inventory_core.current_tenant FROM regress_reluctant;

-- '*' is every tenant, listed as such, and never a tenant to bind.
SET SESSION AUTHORIZATION DEFAULT;
SELECT inventory_core.grant_access('regress_outsider', '*', 'reader') \gset
SELECT inventory_core.grant_access('regress_outsider', 'grant_access two', 'reader') \gset
SET SESSION AUTHORIZATION regress_outsider;
SELECT inventory_core.granted_tenants();
SELECT inventory_core.set_tenant('any tenant at all');
SELECT inventory_core.set_tenant('*');
SELECT * FROM inventory_core.start_run('any tenant at all', '{}');

-- Revoking '*' leaves single grants; revoking a single one leaves '*'.
SET SESSION AUTHORIZATION DEFAULT;
SELECT inventory_core.revoke_access('regress_outsider', '*') \gset
SET SESSION AUTHORIZATION regress_outsider;
SELECT inventory_core.granted_tenants();
SELECT inventory_core.set_tenant('grant_access two');
SELECT inventory_core.set_tenant('any tenant at all');
SET SESSION AUTHORIZATION DEFAULT;
SELECT inventory_core.grant_access('regress_outsider', '*', 'reader') \gset
SELECT inventory_core.revoke_access('regress_outsider', 'grant_access two') \gset
SET SESSION AUTHORIZATION regress_outsider;
SELECT inventory_core.granted_tenants();
SELECT inventory_core.set_tenant('grant_access two');

-- The strongest grant on the tenant counts: writer of one tenant and reader of every other.
SET SESSION AUTHORIZATION DEFAULT;
SELECT inventory_core.grant_access('regress_outsider', 'grant_access two', 'writer') \gset
SET SESSION AUTHORIZATION regress_outsider;
SELECT status FROM inventory_core.start_run('grant_access two', '{}');
SELECT status FROM inventory_core.start_run('grant_access three', '{}');

-- A second grant of the same tenant replaces the first: here it takes the right to write away.
SET SESSION AUTHORIZATION DEFAULT;
SELECT inventory_core.grant_access('regress_outsider', 'grant_access two', 'reader') \gset
SET SESSION AUTHORIZATION regress_outsider;
SELECT status FROM inventory_core.start_run('grant_access two', '{"other": 1}');
SELECT count(*) AS runs FROM inventory_core.inventory_sync_runs('grant_access two');

-- After the last revoke the membership stays, which opens no row.
SET SESSION AUTHORIZATION DEFAULT;
SELECT inventory_core.revoke_access('regress_outsider', '*') \gset
SELECT inventory_core.revoke_access('regress_outsider', 'grant_access two') \gset
SELECT inventory_core.revoke_access('regress_outsider', 'never granted') \gset
SET SESSION AUTHORIZATION regress_outsider;
SELECT inventory_core.set_tenant('grant_access two');
SELECT count(*) FROM inventory_core.inventory_items;
SELECT inventory_core.granted_tenants();

-- Only the owner of the extension grants and revokes, not even a maintainer of every tenant.
SET SESSION AUTHORIZATION DEFAULT;
SELECT inventory_core.grant_access('regress_outsider', '*', 'maintainer') \gset
SET SESSION AUTHORIZATION regress_outsider;
SELECT inventory_core.grant_access('regress_outsider', 'x', 'reader');
SELECT inventory_core.revoke_access('regress_team', 'grant_access');
INSERT INTO inventory_core_internal.tenant_grants SELECT 'x', role_name, role_oid, access, granted_at FROM inventory_core_internal.tenant_grants;
UPDATE inventory_core_internal.tenant_grants SET access = 'maintainer';
DELETE FROM inventory_core_internal.tenant_grants;
-- A role sees its own grants alone.
SELECT tenant_id, role_name, access FROM inventory_core_internal.tenant_grants;

-- What cannot be granted. To a group role would be to everybody.
SET SESSION AUTHORIZATION DEFAULT;
SELECT inventory_core.grant_access('inventory_core_reader', 'x', 'reader');
SELECT inventory_core.grant_access('inventory_core_writer', 'x', 'reader');
SELECT inventory_core.grant_access('inventory_core_maintainer', '*', 'maintainer');
SELECT inventory_core.grant_access(NULL, 'x', 'reader');
SELECT inventory_core.grant_access('regress_team', NULL, 'reader');
SELECT inventory_core.grant_access('regress_team', 'x', NULL);
SELECT inventory_core.grant_access('regress_team', 'x', 'owner');
SELECT inventory_core.grant_access('regress_team', 'x', 'READER');
SELECT inventory_core.grant_access('regress_team', '', 'reader');
SELECT inventory_core.grant_access('regress_team', E'a\tb', 'reader');
SELECT inventory_core.grant_access('regress_team', repeat('x', 256), 'reader');
SELECT inventory_core.grant_access('regress_nobody', 'x', 'reader');
SELECT inventory_core.grant_access('-', 'x', 'reader');
SELECT inventory_core.grant_access(4294967294::oid::regrole, 'x', 'reader');
SELECT inventory_core.grant_access('public', 'x', 'reader');
SELECT inventory_core.revoke_access(NULL, 'x');
SELECT inventory_core.revoke_access('regress_team', NULL);

-- Odd role names work, and none of them is taken for SQL.
CREATE ROLE "regress Odd";
CREATE ROLE "regress_""q"";x--";
CREATE ROLE "regress_ünï";
SELECT inventory_core.grant_access('"regress Odd"', 'grant_access', 'writer') \gset
SELECT inventory_core.grant_access('"regress_""q"";x--"', 'grant_access', 'reader') \gset
SELECT inventory_core.grant_access('"regress_ünï"', 'grant_access', 'maintainer') \gset
SET SESSION AUTHORIZATION "regress Odd";
SELECT inventory_core.set_tenant('grant_access');
SET SESSION AUTHORIZATION "regress_""q"";x--";
SELECT inventory_core.set_tenant('grant_access');
SET SESSION AUTHORIZATION "regress_ünï";
SELECT inventory_core.set_tenant('grant_access');
SET SESSION AUTHORIZATION DEFAULT;

-- A grant counts only where name and number are of one role: neither a new role of an old name nor a renamed one has it.
SELECT inventory_core.revoke_access('"regress_ünï"', 'grant_access') \gset
ALTER ROLE "regress Odd" RENAME TO "regress Odd 2";
SET SESSION AUTHORIZATION "regress Odd 2";
SELECT inventory_core.set_tenant('grant_access');
SET SESSION AUTHORIZATION DEFAULT;
CREATE ROLE "regress Odd";
GRANT inventory_core_reader TO "regress Odd";
SET SESSION AUTHORIZATION "regress Odd";
SELECT inventory_core.set_tenant('grant_access');
SELECT inventory_core.granted_tenants();
SELECT count(*) FROM inventory_core_internal.tenant_grants;
SET SESSION AUTHORIZATION DEFAULT;

DROP OWNED BY "regress Odd", "regress Odd 2", "regress_""q"";x--", "regress_ünï", regress_team, regress_member, regress_outsider, regress_reluctant;
DROP ROLE "regress Odd", "regress Odd 2", "regress_""q"";x--", "regress_ünï", regress_team, regress_member, regress_outsider, regress_reluctant;
