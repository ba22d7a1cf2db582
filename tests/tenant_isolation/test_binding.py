"""A binding ends with its transaction, whatever ends it, and counts only while its grant does.

tests/pg_regress has the rest: set_tenant (savepoints), tenant_forged (SET and placeholders), grant_access.
"""

from contextlib import contextmanager

import psycopg
import pytest
from psycopg import errors, sql

from scene import A, B, bind, connect, grant, names, plain_roles, run, value

TENANT = "SELECT inventory_core.current_tenant()"
ITEMS = "SELECT count(*) FROM inventory_core.inventory_items"


def end_by_error(session):
    with pytest.raises(errors.DivisionByZero):
        session.execute("SELECT 1/0")
    session.execute("ROLLBACK")


def end_by_prepare(session):
    session.execute("PREPARE TRANSACTION 'isolation'")
    assert value(session, TENANT) is None
    session.execute("COMMIT PREPARED 'isolation'")


def end_by_cancel(session):
    session.execute("SET LOCAL statement_timeout = '1ms'")
    with pytest.raises(errors.QueryCanceled):
        session.execute("SELECT count(*) FROM generate_series(1, 10000000)")
    session.execute("ROLLBACK")


ENDS = {
    "commit": lambda session: session.execute("COMMIT"),
    "rollback": lambda session: session.execute("ROLLBACK"),
    "commit and chain": lambda session: session.execute("COMMIT AND CHAIN"),
    "rollback and chain": lambda session: session.execute("ROLLBACK AND CHAIN"),
    "error": end_by_error, "cancel": end_by_cancel, "prepare": end_by_prepare}


@pytest.mark.parametrize("how", [bind, lambda session, tenant: session.execute(
    "SELECT inventory_core.inventory_items(%s)", (tenant,))], ids=["by set_tenant", "by a twin"])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_ends_with_the_transaction(world, end, how):
    with world.connect(A) as session:
        session.execute("BEGIN")
        how(session, A)
        assert value(session, TENANT) == A
        end(session)
        assert value(session, TENANT) is None
        with pytest.raises(errors.ObjectNotInPrerequisiteState):
            session.execute(ITEMS)


def test_ends_with_a_commit_inside_of_a_block(world):
    with world.connect(A) as session:
        told = []
        session.add_notice_handler(lambda notice: told.append(notice.message_primary))
        session.execute("""DO $$ BEGIN
            PERFORM inventory_core.set_tenant('a'); RAISE NOTICE '%', inventory_core.current_tenant(); COMMIT;
            RAISE NOTICE '%', inventory_core.current_tenant();
            PERFORM inventory_core.set_tenant('a'); ROLLBACK;
            RAISE NOTICE '%', inventory_core.current_tenant(); END $$""")
        assert told == ["a", "<NULL>", "<NULL>"]


def test_discard_all_leaves_none_behind(world):
    with world.connect(A) as session:
        session.execute("BEGIN")
        bind(session, A)
        with pytest.raises(errors.ActiveSqlTransaction):
            session.execute("DISCARD ALL")
        session.execute("ROLLBACK")
        session.execute("DISCARD ALL")
        assert value(session, TENANT) is None


def test_cannot_be_kept_in_a_function(world):
    """SET … FROM CURRENT would carry a binding into another transaction."""
    with world.connect(A) as session, session.transaction(force_rollback=True):
        bind(session, A)
        with pytest.raises(errors.InsufficientPrivilege):
            session.execute("CREATE FUNCTION pg_temp.keep() RETURNS text LANGUAGE sql "
                            "SET inventory_core.tenant FROM CURRENT AS 'SELECT inventory_core.current_tenant()'")


def test_cannot_be_forged_by_the_owner_of_the_database(fresh):
    """Nor by options of a database, a role or a connection, where the library is not loaded yet."""
    with fresh.admin() as owner:
        run(owner, "ALTER DATABASE {} OWNER TO {}", fresh.database, fresh.roles[A])
        number = value(owner, "SELECT oid FROM pg_roles WHERE rolname = %s", (fresh.roles[A],))
    forged = f"{number}/maintainer/{B}"
    with fresh.connect(A) as session:
        for way in ("ALTER DATABASE {0} SET inventory_core.tenant = {2}", "ALTER ROLE {1} SET inventory_core.tenant = {2}",
                    "ALTER ROLE {1} IN DATABASE {0} SET inventory_core.tenant = {2}"):
            try:
                session.execute(sql.SQL(way).format(
                    sql.Identifier(fresh.database), sql.Identifier(fresh.roles[A]), forged))
            except errors.InsufficientPrivilege:
                pass
    try:
        for options in ("", f"-c inventory_core.tenant={forged}"):
            try:
                session = fresh.connect(A, options=options)
            except psycopg.OperationalError:
                continue                                    # refused altogether
            with session:
                for statement in (ITEMS, "SELECT count(*) FROM inventory_core_internal.items"):
                    with pytest.raises(errors.ObjectNotInPrerequisiteState):
                        session.execute(statement)
                assert value(session, TENANT) is None
    finally:
        with fresh.admin() as owner:
            run(owner, "ALTER ROLE {} RESET ALL", fresh.roles[A])
            run(owner, "ALTER DATABASE {} OWNER TO CURRENT_USER", fresh.database)


# --- grants that change under a session ----------------------------------------------------------------

@contextmanager
def team(world):
    """A role 'team' that holds tenant a, and its member; dropped before their names go."""
    member, holder = names("member", "team")
    with plain_roles(member, holder):
        with world.admin() as owner:
            grant(owner, holder, A, "writer")
            run(owner, "GRANT {} TO {}", holder, member)
        try:
            yield member, holder
        finally:
            with world.admin() as owner:
                for role in (member, holder):
                    if value(owner, "SELECT count(*) FROM pg_roles WHERE rolname = %s", (role,)):
                        run(owner, "DROP OWNED BY {}", role)


def refused(session, statement):
    """42501 or 55000, and never rows."""
    with pytest.raises((errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState)):
        with session.transaction():
            session.execute(statement)


def test_membership_revoked_elsewhere_counts_at_once(fresh):
    with team(fresh) as (member, holder), connect(fresh.database, member) as session, fresh.admin() as owner:
        session.execute("BEGIN")
        bind(session, A)
        assert value(session, ITEMS) > 0
        run(owner, "REVOKE {} FROM {}", holder, member)
        refused(session, ITEMS)
        refused(session, "SELECT inventory_core.set_tenant('a')")
        session.execute("ROLLBACK")
        refused(session, "SELECT inventory_core.set_tenant('a')")


def test_revoke_access_elsewhere_counts_from_the_next_statement(fresh):
    with team(fresh) as (member, holder), connect(fresh.database, member) as session, fresh.admin() as owner:
        grant(owner, holder, B, "reader")                   # so that the privileges themselves stay
        session.execute("BEGIN")
        bind(session, A)
        assert value(session, ITEMS) > 0
        owner.execute("SELECT inventory_core.revoke_access(quote_ident(%s)::regrole, 'a')", (holder,))
        refused(session, "SELECT inventory_core.set_tenant('a')")
        refused(session, "SELECT inventory_core.start_run('a', '{\"new\": true}')")
        session.execute("ROLLBACK")
        refused(session, "SELECT inventory_core.set_tenant('a')")
        refused(session, ITEMS)


def test_less_access_counts_from_the_next_call(fresh):
    with team(fresh) as (member, holder), connect(fresh.database, member) as session, fresh.admin() as owner:
        assert value(session, "SELECT status FROM inventory_core.start_run('a', '{\"new\": 1}')") == "running"
        grant(owner, holder, A, "reader")
        refused(session, "SELECT inventory_core.start_run('a', '{\"new\": 2}')")
        assert value(session, "SELECT count(*) > 0 FROM inventory_core.inventory_items('a')")


def test_set_role_does_not_carry_it_along(fresh):
    """Nor does a SECURITY DEFINER function of somebody else."""
    with fresh.admin() as session:
        run(session, "CREATE FUNCTION public.as_b() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER "
                     "AS 'BEGIN RETURN (SELECT count(*) FROM inventory_core_internal.items); END'")
        run(session, "ALTER FUNCTION public.as_b() OWNER TO {}", fresh.roles[B])
        session.execute("BEGIN")
        run(session, "SET LOCAL ROLE {}", fresh.roles[A])
        bind(session, A)
        assert value(session, ITEMS) > 0
        refused(session, "SELECT public.as_b()")
        run(session, "SET LOCAL ROLE {}", fresh.roles[B])
        assert value(session, TENANT) is None
        refused(session, ITEMS)
        refused(session, "SELECT inventory_core.set_tenant('a')")
        run(session, "SET LOCAL ROLE {}", fresh.roles[A])
        assert value(session, TENANT) == A
        session.execute("ROLLBACK")


def test_a_role_created_anew_has_nothing(fresh):
    """Also once it holds a grant of its own, and with it all the privileges on the tables."""
    with team(fresh) as (member, holder):
        with fresh.admin() as owner:
            run(owner, "DROP OWNED BY {}", holder)
            run(owner, "DROP ROLE {}", holder)
            run(owner, "CREATE ROLE {} LOGIN", holder)
            with connect(fresh.database, holder) as session:
                refused(session, "SELECT inventory_core.set_tenant('a')")
            grant(owner, holder, "something else", "reader")
            with connect(fresh.database, holder) as session:
                refused(session, "SELECT inventory_core.set_tenant('a')")
                assert session.execute("SELECT inventory_core.granted_tenants()").fetchall() == [("something else",)]
                assert session.execute("SELECT tenant_id FROM inventory_core_internal.tenant_grants").fetchall() == [("something else",)]
                refused(session, "SELECT inventory_core.start_run('something else', '{}')")    # a writer's once


@pytest.mark.parametrize("column", ["role_oid", "role_name"])
def test_a_grant_of_two_roles_is_nobodys(fresh, column):
    """As after a restore into a server where the numbers mean others."""
    with fresh.admin() as owner:
        of_a = {"role_oid": "oid", "role_name": "rolname"}[column]
        owner.execute(f"UPDATE inventory_core_internal.tenant_grants SET {column} = (SELECT {of_a} FROM pg_roles WHERE rolname = %s) "
                      "WHERE tenant_id = 'b'", (fresh.roles[A],))
    for tenant in (A, B):
        with fresh.connect(tenant) as session:
            refused(session, "SELECT inventory_core.set_tenant('b')")
            refused(session, "SELECT * FROM inventory_core.inventory_items('b')")
            assert ("b",) not in session.execute("SELECT inventory_core.granted_tenants()").fetchall()
            assert value(session, "SELECT count(*) FROM inventory_core_internal.tenant_grants WHERE tenant_id = 'b'") == 0


def test_two_tenants_in_one_statement(fresh):
    """A role that may bind both: never both in one transaction, and never the other's rows."""
    with fresh.admin() as owner:
        grant(owner, fresh.roles[A], B, "reader")
    with fresh.connect(A) as session:
        for statement in ("SELECT FROM inventory_core.inventory_items('a') AS one CROSS JOIN inventory_core.inventory_items('b') AS two",
                          "SELECT FROM inventory_core.inventory_items('a') UNION ALL SELECT FROM inventory_core.inventory_items('b')",
                          "SELECT inventory_core.set_tenant(t) FROM unnest(ARRAY['a', 'b']) AS t"):
            refused(session, statement)
        # a statement that changes the binding in its middle still shows one tenant
        with session.transaction():
            bind(session, A)
            rows = session.execute("SELECT inventory_core.clear_tenant(), inventory_core.set_tenant('b'), tenant_id "
                                   "FROM inventory_core.inventory_items").fetchall()
            assert {row[2] for row in rows} == {A}
        # a cursor keeps the tenant that it was opened for
        with session.transaction():
            bind(session, A)
            session.execute("DECLARE c CURSOR FOR SELECT tenant_id FROM inventory_core.inventory_items ORDER BY item_id")
            first = session.execute("FETCH 1 FROM c").fetchall()
            session.execute("SELECT inventory_core.clear_tenant()")
            bind(session, B)
            assert set(first + session.execute("FETCH ALL FROM c").fetchall()) == {(A,)}
