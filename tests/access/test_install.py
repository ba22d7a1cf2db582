"""What CREATE EXTENSION finds on a server: default privileges, group roles of another database, roles of those names.

On a server of the tests' own, because roles are of the whole server.
"""

import threading

import psycopg
import pytest
from psycopg import errors, sql

from own_server import own_server
from scene import grant, run, value

GROUP_ROLES = ("inventory_core_maintainer", "inventory_core_writer", "inventory_core_reader")
DROP_ROLES = f"DROP ROLE IF EXISTS {', '.join(GROUP_ROLES)}"
TABLES = """SELECT c.oid::regclass::text FROM pg_class AS c WHERE c.relkind IN ('r', 'v')
    AND c.relnamespace IN ('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace)"""


@pytest.fixture(scope="module")
def server():
    with own_server(max_prepared_transactions=5) as started:
        with started.connect() as owner:
            owner.execute("CREATE ROLE x LOGIN")
        yield started


@pytest.fixture
def database(server):
    """An empty database; the group roles are gone before and afterwards."""
    with server.connect() as owner:
        owner.execute(DROP_ROLES)
        owner.execute("CREATE DATABASE empty TEMPLATE template0")
        yield "empty"
        owner.execute("DROP DATABASE empty WITH (FORCE)")
        owner.execute(DROP_ROLES)


DEFAULTS = """
ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO {0};
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO {0};
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO {0};
ALTER DEFAULT PRIVILEGES GRANT ALL ON ROUTINES TO {0};
ALTER DEFAULT PRIVILEGES GRANT ALL ON TYPES TO {0};
"""
PRIVILEGES = """
WITH ours (oid) AS (SELECT unnest('{inventory_core,inventory_core_internal}'::regnamespace[]))
SELECT 'schema', n.nspname FROM pg_namespace AS n
WHERE n.oid IN (SELECT oid FROM ours) AND (has_schema_privilege(%(role)s, n.oid, 'CREATE')
    OR n.nspname = 'inventory_core_internal' AND has_schema_privilege(%(role)s, n.oid, 'USAGE'))
UNION ALL
SELECT 'relation', c.oid::regclass::text FROM pg_class AS c WHERE c.relnamespace IN (SELECT oid FROM ours) AND c.relkind IN ('r', 'v')
    AND (has_table_privilege(%(role)s, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
         OR has_any_column_privilege(%(role)s, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))
UNION ALL
SELECT 'routine', p.oid::regprocedure::text FROM pg_proc AS p WHERE p.pronamespace IN (SELECT oid FROM ours)
    AND has_function_privilege(%(role)s, p.oid, 'EXECUTE') AND p.proname NOT IN (
        SELECT f.name FROM inventory_core_internal._public_functions() AS f (name))
UNION ALL
SELECT 'acl of a type', t.oid::regtype::text FROM pg_type AS t, aclexplode(t.typacl) AS a
WHERE t.typnamespace IN (SELECT oid FROM ours) AND a.grantee = %(role)s::regrole"""


def defaults(owner, grantee):
    owner.execute(sql.SQL(DEFAULTS).format(grantee))


def test_default_privileges_give_nothing(server, database):
    with server.connect(dbname=database) as owner:
        defaults(owner, sql.Identifier("x"))
        owner.execute("CREATE EXTENSION inventory_core")
        assert owner.execute(PRIVILEGES, {"role": "x"}).fetchall() == []
        assert value(owner, "SELECT bool_and(ok) FROM inventory_core.doctor() WHERE check_name = 'privileges'")
        # what comes later has the defaults of its database, so that this test can fail
        owner.execute("CREATE TABLE inventory_core_internal.later (i integer)")
        assert owner.execute(PRIVILEGES, {"role": "x"}).fetchall() == [("relation", "inventory_core_internal.later")]
    with server.connect(dbname=database, user="x") as session:
        for statement in ("SELECT inventory_core.grant_access('x', 'acme', 'maintainer')", "SELECT inventory_core.allow_meta('*', 'password')",
                          "SELECT inventory_core.set_tenant('acme')", "SELECT count(*) FROM inventory_core_internal.items",
                          "TRUNCATE inventory_core_internal.items", "INSERT INTO inventory_core_internal.meta_whitelist VALUES ('*', 'x')"):
            with pytest.raises(errors.InsufficientPrivilege):
                session.execute(statement)


def test_default_privileges_of_public_give_nothing(server, database):
    with server.connect(dbname=database) as owner:
        defaults(owner, sql.SQL("PUBLIC"))
        owner.execute("CREATE EXTENSION inventory_core")
        assert owner.execute(PRIVILEGES, {"role": "x"}).fetchall() == []


def test_default_privileges_of_a_group_role_give_no_more(server, database):
    """In a second database the group roles are there before the extension is."""
    acls = """SELECT c.oid::regclass::text, c.relacl::text FROM pg_class AS c WHERE c.relnamespace IN (SELECT unnest('{inventory_core,inventory_core_internal}'::regnamespace[]))
              UNION ALL SELECT p.oid::regprocedure::text, p.proacl::text FROM pg_proc AS p WHERE p.pronamespace IN (SELECT unnest('{inventory_core,inventory_core_internal}'::regnamespace[]))
              UNION ALL SELECT n.nspname, n.nspacl::text FROM pg_namespace AS n WHERE n.nspname ~ '^inventory_core' ORDER BY 1"""
    with server.connect(dbname=database) as owner:
        owner.execute("CREATE EXTENSION inventory_core")
        expected = owner.execute(acls).fetchall()
        owner.execute("DROP EXTENSION inventory_core CASCADE")
        for role in GROUP_ROLES:
            defaults(owner, sql.Identifier(role))
        owner.execute("CREATE EXTENSION inventory_core")

        def sorted_items(rows):
            return [(name, sorted(acl.strip("{}").split(",")) if acl else None) for name, acl in rows]
        assert sorted_items(owner.execute(acls).fetchall()) == sorted_items(expected)
        for role in GROUP_ROLES:
            owner.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))     # or the roles could not be dropped


def test_a_second_database_uses_the_same_roles(server, database):
    with server.connect(dbname=database) as owner:
        owner.execute("CREATE EXTENSION inventory_core")
        roles = owner.execute("SELECT oid, rolname FROM pg_roles WHERE rolname ~ '^inventory_core' ORDER BY 2").fetchall()
        assert len(roles) == 3
        owner.execute("DROP EXTENSION inventory_core")
        owner.execute("CREATE EXTENSION inventory_core")
        assert owner.execute("SELECT oid, rolname FROM pg_roles WHERE rolname ~ '^inventory_core' ORDER BY 2").fetchall() == roles


def test_two_databases_at_once(server, database):
    with server.connect() as owner:
        owner.execute("CREATE DATABASE other TEMPLATE template0")
    try:
        for ends in ("COMMIT", "ROLLBACK"):
            with server.connect(dbname=database) as one, server.connect(dbname="other") as other:
                one.execute("BEGIN")
                one.execute("CREATE EXTENSION inventory_core")
                waiting = threading.Thread(target=other.execute, args=("CREATE EXTENSION inventory_core",))
                waiting.start()
                with server.connect() as owner:
                    while not value(owner, "SELECT count(*) FROM pg_locks WHERE NOT granted"):
                        assert waiting.is_alive(), "it does not wait: so nothing is shown"
                one.execute(ends)
                waiting.join(60)
                assert value(other, "SELECT count(*) FROM pg_extension WHERE extname = 'inventory_core'") == 1
                assert value(other, "SELECT ok FROM inventory_core.doctor() WHERE check_name = 'group_roles'")
                for connection in (one, other):
                    connection.execute("DROP EXTENSION IF EXISTS inventory_core")
            with server.connect() as owner:
                owner.execute(DROP_ROLES)
    finally:
        with server.connect() as owner:
            owner.execute("DROP DATABASE other WITH (FORCE)")


AMISS = {
    "login": "CREATE ROLE inventory_core_reader LOGIN",
    "superuser": "CREATE ROLE inventory_core_maintainer SUPERUSER",
    "bypassrls": "CREATE ROLE inventory_core_writer BYPASSRLS",
    "createrole": "CREATE ROLE inventory_core_reader CREATEROLE",
    "createdb": "CREATE ROLE inventory_core_reader CREATEDB",
    "replication": "CREATE ROLE inventory_core_reader REPLICATION",
    "member of another": "CREATE ROLE inventory_core_reader IN ROLE pg_read_all_data",
    "no member of the one before": "CREATE ROLE inventory_core_writer",
    "does not inherit": "CREATE ROLE inventory_core_reader; CREATE ROLE inventory_core_writer NOINHERIT IN ROLE inventory_core_reader",
    "owns a table": "CREATE ROLE inventory_core_reader; CREATE TABLE public.theirs (); ALTER TABLE public.theirs OWNER TO inventory_core_reader",
    "owns a database": "CREATE ROLE inventory_core_reader; CREATE DATABASE theirs OWNER inventory_core_reader",
}


@pytest.mark.parametrize("made", AMISS.values(), ids=AMISS)
def test_a_role_of_that_name_that_could_do_more_fails_the_install(server, database, made):
    role = made.split("CREATE ROLE ")[-1].split()[0].rstrip(";")
    with server.connect(dbname=database) as owner:
        for statement in made.split("; "):
            owner.execute(statement)
        try:
            with pytest.raises(errors.ObjectNotInPrerequisiteState) as raised:
                owner.execute("CREATE EXTENSION inventory_core")
            assert f'"{role}"' in raised.value.diag.message_primary and raised.value.diag.message_hint
            assert value(owner, "SELECT count(*) FROM pg_extension WHERE extname = 'inventory_core'") == 0
        finally:
            owner.execute("DROP TABLE IF EXISTS public.theirs")
            owner.execute("DROP DATABASE IF EXISTS theirs")


def test_drop_extension_leaves_the_roles_and_memberships(server, database):
    with server.connect(dbname=database) as owner:
        owner.execute("CREATE EXTENSION inventory_core")
        grant(owner, "x", "acme", "reader")
        owner.execute("DROP EXTENSION inventory_core")
        assert value(owner, "SELECT pg_has_role('x', 'inventory_core_reader', 'USAGE')")
        owner.execute("CREATE EXTENSION inventory_core")
    with server.connect(dbname=database, user="x") as session:
        with pytest.raises(errors.InsufficientPrivilege):
            session.execute("SELECT inventory_core.set_tenant('acme')")
        assert session.execute("SELECT inventory_core.granted_tenants()").fetchall() == []
    with server.connect(dbname=database) as owner:
        assert "x" in value(owner, "SELECT detail FROM inventory_core.doctor() WHERE check_name = 'members_without_grant'")


# --- an owner who is no superuser ------------------------------------------------------------------------

@pytest.fixture
def plain_owner(server, database):
    """Only a superuser can create the extension; it may be given away, or its owner may cease to be one."""
    with server.connect() as admin:
        admin.execute("CREATE ROLE landlord LOGIN SUPERUSER")
    with server.connect(dbname=database, user="landlord") as owner:
        owner.execute("CREATE EXTENSION inventory_core")
        yield owner
    with server.connect(dbname=database) as admin:
        admin.execute("DROP EXTENSION inventory_core; DROP OWNED BY landlord; DROP ROLE landlord")


def test_an_owner_without_admin_option_is_told(server, database, plain_owner):
    with server.connect() as admin:
        admin.execute("ALTER ROLE landlord NOSUPERUSER")
    with pytest.raises(errors.InsufficientPrivilege) as raised:
        grant(plain_owner, "x", "acme", "reader")
    hint = raised.value.diag.message_hint
    assert "WITH ADMIN OPTION" in hint
    with server.connect() as admin:
        admin.execute(hint.split(": ", 1)[1].split(";")[0])         # what it says is what helps
    grant(plain_owner, "x", "acme", "writer")
    with server.connect(dbname=database, user="x") as session:
        assert value(session, "SELECT status FROM inventory_core.start_run('acme', '{}')") == "running"
    # the owner of the extension sees the grants and no row of a tenant
    assert value(plain_owner, "SELECT count(*) FROM inventory_core_internal.tenant_grants") == 1
    with pytest.raises((errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState)):
        plain_owner.execute("SELECT count(*) FROM inventory_core_internal.sync_runs")
    plain_owner.execute("SELECT inventory_core.set_tenant_limit('acme', 0)")
    plain_owner.execute("SELECT inventory_core.allow_meta('*', 'size')")
    plain_owner.execute("SELECT inventory_core.revoke_access('x', 'acme')")


def test_a_membership_that_is_there_needs_no_right(server, plain_owner):
    with server.connect() as admin:
        admin.execute("ALTER ROLE landlord NOSUPERUSER; GRANT inventory_core_reader TO x")
    grant(plain_owner, "x", "acme", "reader")


def test_a_member_of_the_owner_is_an_owner(server, database, plain_owner):
    with server.connect() as admin:
        admin.execute("CREATE ROLE deputy LOGIN; GRANT landlord TO deputy; ALTER ROLE landlord NOSUPERUSER; GRANT inventory_core_reader TO x")
    try:
        with server.connect(dbname=database, user="deputy") as session:
            grant(session, "x", "acme", "reader")
            session.execute("SELECT inventory_core.set_tenant_limit('acme', 2)")
    finally:
        with server.connect() as admin:
            admin.execute("DROP ROLE deputy")


def test_reassigned(server, database):
    with server.connect() as admin:
        admin.execute("CREATE ROLE first SUPERUSER LOGIN; CREATE ROLE second LOGIN")
    with server.connect(dbname=database, user="first") as first:
        first.execute("CREATE EXTENSION inventory_core")
    with server.connect(dbname=database) as admin:
        admin.execute("REASSIGN OWNED BY first TO second; DROP ROLE first")
        admin.execute("GRANT inventory_core_reader, inventory_core_writer, inventory_core_maintainer TO second WITH ADMIN OPTION")
    with server.connect(dbname=database, user="second") as second:
        grant(second, "x", "acme", "maintainer")
    with server.connect(dbname=database, user="x") as session:
        run_id = value(session, "SELECT run_id FROM inventory_core.start_run('acme', '{}')")
        session.execute("SELECT inventory_core.upsert_items('acme', %s, %s)", (run_id, '[{"policy_type": "vm", "external_id": "1"}]'))
        session.execute("SELECT inventory_core.finish_run('acme', %s)", (run_id,))
        session.execute("SELECT inventory_core.forget_tenant('acme')")
    with server.connect(dbname=database) as admin:
        admin.execute("DROP EXTENSION inventory_core; DROP OWNED BY second; DROP ROLE second")


def test_many_roles(server, database, record_property):
    """A grant costs the same whatever the number of roles, and no list of privileges grows with them."""
    entries = "SELECT sum(cardinality(proacl)) FROM pg_proc WHERE pronamespace IN ('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace)"
    size = "SELECT pg_total_relation_size('pg_proc')"
    with server.connect(dbname=database) as owner:
        owner.execute("CREATE EXTENSION inventory_core")
        before, bytes_before = value(owner, entries), value(owner, size)
        try:
            owner.execute("DO $$ BEGIN FOR n IN 1..700 LOOP EXECUTE format('CREATE ROLE many_%s', n); END LOOP; END $$")
            spent = []
            for n in range(1, 701):
                started = value(owner, "SELECT clock_timestamp()")
                grant(owner, f"many_{n}", f"tenant {n}", "writer")
                spent.append((value(owner, "SELECT clock_timestamp()") - started).total_seconds())
                if n == 100:
                    record_property("proacl_entries_for_100_roles", value(owner, entries))
            assert value(owner, entries) == before
            assert value(owner, size) == bytes_before
            early, late = sorted(spent[50:150])[50], sorted(spent[-100:])[50]
            record_property("milliseconds_of_a_grant", (early * 1000, late * 1000))
            assert late < 0.2, f"{late} s"
        finally:
            owner.execute("DO $$ BEGIN FOR n IN 1..700 LOOP EXECUTE format('DROP ROLE many_%s', n); END LOOP; END $$")
