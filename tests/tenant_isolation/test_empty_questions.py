"""A question that nothing can answer: the planner knows that before it plans a scan, and there is nothing to be scanned."""

import pytest

import scene
from scene import A, B, bind, run, value

NOTHING = {
    "null": "SELECT tenant_id FROM inventory_core_internal.items WHERE item_id IS NULL ORDER BY tenant_id, item_id",
    "check": "SELECT run_id FROM inventory_core_internal.sync_runs WHERE status = 'no such status' ORDER BY tenant_id, run_id",
    "contradiction": "SELECT tenant_id FROM inventory_core_internal.items WHERE tenant_id > 'x' AND tenant_id < 'c' ORDER BY tenant_id, item_id",
    "false": "SELECT tenant_id FROM inventory_core_internal.items WHERE false ORDER BY tenant_id, item_id",
    "count": "SELECT 1 FROM (SELECT count(*) FROM inventory_core_internal.run_parts WHERE kind IS NULL) AS c (n) WHERE n > 0",
    "merged": "SELECT i.tenant_id FROM inventory_core_internal.items AS i JOIN inventory_core_internal.items AS j USING (item_id) "
              "WHERE i.policy_type IS NULL"}


@pytest.mark.parametrize("binds", (True, False))
@pytest.mark.parametrize("exclusion", ("on", "partition"))
@pytest.mark.parametrize("statement", NOTHING.values(), ids=NOTHING)
def test_is_answered_with_nothing(world, statement, exclusion, binds):
    with world.connect(A) as session, session.transaction():
        run(session, "SET LOCAL constraint_exclusion = {}", exclusion)
        session.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_nestloop = off")
        if binds:
            bind(session, A)
        try:
            with session.transaction():
                assert session.execute(statement).fetchall() == []
        except scene.psycopg.errors.ObjectNotInPrerequisiteState:
            assert not binds


def test_deletes_nothing(fresh):
    """B's own rows are fewer than A's, so that a merge join would never come to the end of A's."""
    with fresh.admin() as owner:
        before = value(owner, "SELECT count(*) FROM inventory_core_internal.items WHERE tenant_id = 'a'")
        with fresh.connect(B) as session:
            session.execute("SELECT inventory_core.forget_items('b', ARRAY(SELECT g FROM generate_series(4, 100) AS g))")
            with session.transaction():
                bind(session, B)
                session.execute("SET LOCAL constraint_exclusion = on; SET LOCAL enable_hashjoin = off; "
                                "SET LOCAL enable_nestloop = off")
                session.execute("DELETE FROM inventory_core_internal.items AS i USING inventory_core_internal.items AS j "
                                "WHERE i.item_id = j.item_id AND i.policy_type IS NULL")
        assert value(owner, "SELECT count(*) FROM inventory_core_internal.items WHERE tenant_id = 'a'") == before


@pytest.mark.parametrize("asked", ("tenant_id = 'b'", "tenant_id >= 'b'", "tenant_id = 'b' AND role_name = 'somebody'",
                                   "tenant_id IN ('b', 'kanarienvogel')",
                                   "tenant_id IN (SELECT i.tenant_id FROM inventory_core_internal.items AS i)"))
def test_grants_of_others_are_not_looked_at(world, asked):
    with world.connect(A) as session, session.transaction():
        bind(session, A)
        own = value(session, "SELECT count(*) FROM inventory_core_internal.tenant_grants")
        for node in nodes(session, asked):
            assert "role_oid" in node["Index Cond"], node
            assert node.get("Rows Removed by Filter", 0) <= own, node


def nodes(session, asked):
    def walk(plan):
        if plan.get("Relation Name") == "tenant_grants":
            yield plan
        for child in plan.get("Plans", ()):
            yield from walk(child)
    return walk(value(session, "EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM inventory_core_internal.tenant_grants WHERE " + asked)[0]["Plan"])
