"""A plan made for one role, tenant or grant never answers another, whether it is generic or made each time."""

import pytest
from psycopg import errors

from scene import A, B, CANARY, bind, grant, run, value

MODES = ("auto", "force_generic_plan", "force_custom_plan")
ENOUGH = 7          # executions after which 'auto' has had its chance to turn to a generic plan
STATEMENTS = {
    "view": "SELECT DISTINCT tenant_id FROM inventory_core.inventory_items",
    "table": "SELECT DISTINCT tenant_id FROM inventory_core_internal.items",
    "asked by name": "SELECT DISTINCT tenant_id FROM inventory_core_internal.items WHERE tenant_id = $1 OR $1 <> ''",
    "join": "SELECT DISTINCT i.tenant_id FROM inventory_core.inventory_items AS i "
            "JOIN inventory_core.inventory_sync_runs AS r ON r.run_id = i.last_seen_run_id"}


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


@pytest.fixture(params=STATEMENTS.values(), ids=STATEMENTS)
def statement(request):
    return request.param


def prepare(session, mode, statement):
    session.execute(f"SET plan_cache_mode = {mode}")
    session.execute(f"PREPARE ask{' (text)' if '$1' in statement else ''} AS {statement}")
    execute = "EXECUTE ask ('b')" if "$1" in statement else "EXECUTE ask"
    return lambda: {row[0] for row in session.execute(execute).fetchall()}


def test_across_roles(world, mode, statement):
    """A session that changes its role, a superuser among them, as a pool may hand it round."""
    with world.admin() as session:
        ask = prepare(session, mode, statement)
        for _ in range(2):
            for _ in range(ENOUGH):
                assert ask() == {A, B, CANARY}              # a superuser sees all
            for tenant in (A, B, A):
                with session.transaction():
                    run(session, "SET LOCAL ROLE {}", world.roles[tenant])
                    bind(session, tenant)
                    for _ in range(ENOUGH):
                        assert ask() == {tenant}
                with pytest.raises(errors.ObjectNotInPrerequisiteState), session.transaction():
                    run(session, "SET LOCAL ROLE {}", world.roles[tenant])
                    ask()


def test_across_tenants(world, mode, statement):
    """The role of b may bind the canary's tenant, too."""
    with world.connect(B) as session:
        ask = prepare(session, mode, statement)
        for tenant in (B, CANARY) * ENOUGH:
            with session.transaction():
                bind(session, tenant)
                assert ask() == {tenant}
            with pytest.raises(errors.ObjectNotInPrerequisiteState):
                ask()


def test_across_grants(fresh, mode):
    """The same statement before, without and with a grant that comes and goes in another session."""
    with fresh.admin() as owner, fresh.connect(A) as session:
        session.execute(f"SET plan_cache_mode = {mode}")
        session.execute("PREPARE ask (text) AS SELECT DISTINCT tenant_id FROM inventory_core.inventory_items($1)")
        session.execute("PREPARE bind (text) AS SELECT inventory_core.set_tenant($1)")
        for _ in range(ENOUGH):
            assert value(session, "EXECUTE ask ('a')") == A
            for refused in ("EXECUTE ask ('b')", "EXECUTE bind ('b')"):
                with pytest.raises(errors.InsufficientPrivilege):
                    session.execute(refused)
            grant(owner, fresh.roles[A], B, "reader")
            assert value(session, "EXECUTE ask ('b')") == B
            assert value(session, "EXECUTE bind ('b')") == B
            owner.execute("SELECT inventory_core.revoke_access(quote_ident(%s)::regrole, 'b')", (fresh.roles[A],))


def test_when_the_fence_comes_back(fresh, mode, statement):
    """A plan made while row-level security was off on the tables is not used once it is on."""
    tables = ("items", "sync_runs", "selections", "sync_errors", "last_seen", "run_parts")
    with fresh.admin() as owner, fresh.connect(A) as session:
        ask = prepare(session, mode, statement)
        for table in tables:
            run(owner, "ALTER TABLE inventory_core_internal.{} DISABLE ROW LEVEL SECURITY", table)
        for _ in range(ENOUGH):
            with session.transaction():
                bind(session, A)
                assert ask() == {A, B, CANARY}
        for table in tables:
            run(owner, "ALTER TABLE inventory_core_internal.{} ENABLE ROW LEVEL SECURITY", table)
        with session.transaction():
            bind(session, A)
            assert ask() == {A}
