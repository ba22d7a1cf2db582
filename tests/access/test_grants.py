"""grant_access gives a membership and a row, and gives again whatever of it is missing."""

import psycopg
import pytest
from psycopg import errors

import scene
from scene import A, bind, connect, grant, names, plain_roles, run, value
from test_direct_statements import another_role

START = """SELECT status FROM inventory_core.start_run('a', jsonb_build_object('n', %s::int), scope => 'other')"""
TAKE_AWAY = {
    "membership": "REVOKE inventory_core_writer FROM {role}",
    "drop owned": "DROP OWNED BY {role}",
    "its own functions": "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA inventory_core, inventory_core_internal FROM {role}",
    "functions": "REVOKE ALL ON ALL ROUTINES IN SCHEMA inventory_core, inventory_core_internal FROM inventory_core_writer, inventory_core_reader",
    "tables": "REVOKE ALL ON ALL TABLES IN SCHEMA inventory_core, inventory_core_internal FROM inventory_core_writer, inventory_core_reader",
    "columns": "REVOKE UPDATE (meta) ON inventory_core_internal.items FROM inventory_core_writer; "
               "REVOKE UPDATE (holder) ON inventory_core_internal.run_slots FROM inventory_core_writer",
    "schemas": "REVOKE ALL ON SCHEMA inventory_core, inventory_core_internal FROM inventory_core_reader",
}
HARMLESS = ("drop owned", "its own functions")      # the role had nothing of its own


def works(session, number):
    assert value(session, START, (number,)) == "running"
    run_id = value(session, "SELECT run_id FROM inventory_core.run_progress('a') ORDER BY started_at DESC LIMIT 1")
    session.execute("SELECT inventory_core.upsert_items('a', %s, %s)", (run_id, scene.items("alpha", [1, 50 + number], f"again {number}")))
    session.execute("SELECT inventory_core.finish_run('a', %s)", (run_id,))


@pytest.mark.parametrize("how", TAKE_AWAY)
def test_the_same_grant_restores_what_is_missing(fresh, how):
    with another_role(fresh, (A, "writer")) as role, fresh.admin() as owner, connect(fresh.database, role) as session:
        works(session, 1)
        for statement in TAKE_AWAY[how].split("; "):
            if "{role}" in statement:
                run(owner, statement.replace("{role}", "{}"), role)
            else:
                owner.execute(statement)
        if how not in HARMLESS:
            with pytest.raises(errors.InsufficientPrivilege):
                works(session, 2)
            assert value(owner, "SELECT count(*) FROM inventory_core.doctor() WHERE NOT ok "
                                "AND check_name IN ('memberships', 'group_privileges')") == 1
        grant(owner, role, A, "writer")
        works(session, 3)
        assert value(owner, "SELECT bool_and(ok) FROM inventory_core.doctor() WHERE check_name IN ('memberships', 'group_privileges', 'privileges')")


def test_a_role_that_does_not_inherit(fresh):
    """Up to 15 it has no privileges of the roles that it is a member of; from 16 on each membership says so for itself."""
    role, = names("reluctant")
    with plain_roles(role), fresh.admin() as owner:
        run(owner, "ALTER ROLE {} NOINHERIT", role)
        if owner.info.server_version < 160000:
            with pytest.raises(errors.ObjectNotInPrerequisiteState) as raised:
                grant(owner, role, A, "reader")
            assert raised.value.diag.message_hint.startswith("ALTER ROLE")
            assert value(owner, "SELECT count(*) FROM inventory_core_internal.tenant_grants WHERE role_name = %s", (role,)) == 0
            owner.execute(raised.value.diag.message_hint.split(", or")[0])      # what it says is what helps
        grant(owner, role, A, "reader")
        with connect(fresh.database, role) as session, session.transaction():
            bind(session, A)
            assert value(session, "SELECT count(*) FROM inventory_core.inventory_items") > 0


@pytest.mark.parametrize("group", ["reader", "writer", "maintainer"])
def test_a_membership_alone_opens_no_row(fresh, group):
    with another_role(fresh, roles=(f"inventory_core_{group}",)) as role, connect(fresh.database, role) as session:
        assert session.execute("SELECT inventory_core.granted_tenants()").fetchall() == []
        assert session.execute("SELECT * FROM inventory_core_internal.tenant_grants").fetchall() == []
        with pytest.raises(errors.InsufficientPrivilege):
            bind(session, A)
        for call in ("_bind_every()", "_lock('tenant', '')", "_try_lock('run', 'x')", "_lock_shared('items', '')", "_unlock('tenant', '')",
                     "_try_public_lock(repeat('0', 64))"):
            with pytest.raises((errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState)):
                session.execute(f"SELECT inventory_core_internal.{call}")
        for table in ("items", "sync_runs", "tenants", "tenant_limits", "selections", "last_seen"):
            with pytest.raises(errors.ObjectNotInPrerequisiteState):
                session.execute(f"SELECT FROM inventory_core_internal.{table}")
        # as the group role itself, where that can be done, it is the same
        try:
            run(session, "SET ROLE {}", f"inventory_core_{group}")
        except errors.InsufficientPrivilege:
            return
        with pytest.raises(errors.InsufficientPrivilege):
            bind(session, A)


@pytest.mark.parametrize("group", ["reader", "writer", "maintainer"])
def test_a_group_role_is_granted_nothing(fresh, group):
    with fresh.admin() as owner:
        for tenant in (A, "*"):
            with pytest.raises(errors.InvalidParameterValue):
                grant(owner, f"inventory_core_{group}", tenant, "reader")


def test_a_row_alone_opens_no_object(fresh):
    with another_role(fresh) as role, fresh.admin() as owner, connect(fresh.database, role) as session:
        owner.execute("INSERT INTO inventory_core_internal.tenant_grants SELECT 'a', rolname, oid, 'maintainer', now() "
                      "FROM pg_roles WHERE rolname = %s", (role,))
        for statement in ("SELECT inventory_core.set_tenant('a')", "SELECT * FROM inventory_core_internal.items",
                          "SELECT * FROM inventory_core.inventory_items('a')"):
            with pytest.raises(errors.InsufficientPrivilege):
                session.execute(statement)


def test_less_access_by_a_later_grant(fresh):
    """The membership of a writer stays; the binding says reader."""
    with another_role(fresh, (A, "maintainer")) as role, fresh.admin() as owner, connect(fresh.database, role) as session:
        grant(owner, role, A, "reader")
        for statement in ("SELECT inventory_core.start_run('a', '{}')", "SELECT inventory_core.forget_tenant('a')",
                          "SELECT inventory_core.try_lock_selection('a', repeat('0', 64))"):
            with pytest.raises(errors.InsufficientPrivilege):
                session.execute(statement)
        for kind in ("tenant", "items", "selection", "run", "number", "errors", "fold"):
            for call in ("_lock", "_lock_shared", "_try_lock", "_try_lock_shared"):
                with pytest.raises(errors.InsufficientPrivilege), session.transaction():
                    bind(session, A)
                    session.execute(f"SELECT inventory_core_internal.{call}(%s, '')", (kind,))


def test_a_grant_under_an_earlier_name_does_not_come_back(fresh):
    """A renamed role is granted less than before; under its old name it has no more."""
    later, = names("later")
    with another_role(fresh, (A, "maintainer")) as role, fresh.admin() as owner:
        run(owner, "ALTER ROLE {} RENAME TO {}", role, later)
        try:
            grant(owner, later, A, "reader")
        finally:
            run(owner, "ALTER ROLE {} RENAME TO {}", later, role)
        with connect(fresh.database, role) as session:
            assert session.execute("SELECT inventory_core.granted_tenants()").fetchall() == []
        grant(owner, role, A, "reader")
        assert owner.execute("SELECT role_name, access FROM inventory_core_internal.tenant_grants "
                             "WHERE role_oid = quote_ident(%s)::regrole", (role,)).fetchall() == [(role, "reader")]


def test_a_grant_does_not_depend_on_a_group(fresh):
    """A role that was a member through another role keeps its own grant when it leaves that role."""
    role, = names("member")
    with (plain_roles(role), another_role(fresh, (A, "writer")) as group, fresh.admin() as owner,
          connect(fresh.database, role) as session):
        run(owner, "GRANT {} TO {}", group, role)
        works(session, 1)
        grant(owner, role, "own", "writer")
        run(owner, "REVOKE {} FROM {}", group, role)
        assert session.execute("SELECT inventory_core.granted_tenants()").fetchall() == [("own",)]
        with session.transaction():
            bind(session, "own")
        with pytest.raises(errors.InsufficientPrivilege):
            bind(session, A)


def test_a_role_that_can_be_no_member(fresh):
    with fresh.admin() as owner, pytest.raises(errors.InvalidParameterValue) as raised:
        grant(owner, "pg_database_owner", A, "reader")
    assert raised.value.diag.message_hint


def test_revoke_leaves_other_tenants(fresh):
    with another_role(fresh, (A, "writer"), ("own", "writer")) as role, fresh.admin() as owner, connect(fresh.database, role) as session:
        owner.execute("SELECT inventory_core.revoke_access(quote_ident(%s)::regrole, 'own')", (role,))
        works(session, 1)
        with pytest.raises(errors.InsufficientPrivilege):
            bind(session, "own")


def test_privileges_of_the_owner_are_told_apart(fresh):
    """A stranger is told nothing by the functions of the owner but that it is none."""
    with another_role(fresh) as role, connect(fresh.database, role) as session:
        for call in ("grant_access('postgres', 'a', 'reader')", "revoke_access('postgres', 'a')", "set_tenant_limit('a', 1)", "allow_meta('*', 'x')"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(f"SELECT inventory_core.{call}")
