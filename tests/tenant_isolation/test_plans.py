"""What the planner makes of the policies, with 50,000 items of each tenant.

Parallel workers count under the same binding; a function joined to a view gives the same rows, or 55000, whichever
join is chosen; the question for the tenant is asked once; and a plan tells nothing of the other tenant's rows.
"""

import json

import pytest
from psycopg import errors

import scene
from scene import A, B, bind, value

ITEMS = 50_000
PARALLEL = """SET random_page_cost = 0; SET min_parallel_table_scan_size = 0; SET min_parallel_index_scan_size = 0; SET parallel_setup_cost = 0;
    SET parallel_tuple_cost = 0; SET max_parallel_workers_per_gather = 2;
    SELECT set_config(name, 'on', false) FROM pg_settings
    WHERE name IN ('force_parallel_mode', 'debug_parallel_query');      -- the name up to 15, and since
    SET enable_memoize = off"""
JOINS = ("enable_nestloop", "enable_hashjoin", "enable_mergejoin")


@pytest.fixture(scope="module")
def big(prepared):
    with scene.copy(prepared) as world:
        for tenant in (A, B):
            with world.connect(tenant) as session:
                run_id = world.runs[tenant]["running"]
                for batch in range(2):
                    numbers = range(100 + batch * ITEMS // 2, 100 + (batch + 1) * ITEMS // 2)
                    session.execute("SELECT inventory_core.upsert_items(%s, %s, %s)",
                                    (tenant, run_id, json.dumps([{"policy_type": "vm", "external_id": f"id {n}"} for n in numbers])))
        with world.admin() as owner:
            owner.execute("ANALYZE")
        yield world


def nodes(plan):
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def analysed(session, statement):
    return list(nodes(value(session, "EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) " + statement)[0]["Plan"]))


# --- parallel workers ------------------------------------------------------------------------------------

COUNTS = {
    "items": "SELECT count(*), count(DISTINCT tenant_id), max(tenant_id) FROM inventory_core_internal.items",
    "items of b": "SELECT count(*), 1, 'a' FROM inventory_core_internal.items WHERE tenant_id = 'b'"}


@pytest.mark.parametrize("statement", COUNTS.values(), ids=COUNTS)
def test_workers_count_the_same(big, statement):
    with big.connect(A) as session:
        with session.transaction():
            bind(session, A)
            serial = session.execute(statement).fetchall()
        session.execute(PARALLEL)
        with session.transaction():
            bind(session, A)
            assert session.execute(statement).fetchall() == serial
            assert max(node.get("Workers Launched", 0) for node in analysed(session, statement)) > 0
        with pytest.raises(errors.ObjectNotInPrerequisiteState):
            session.execute(statement)


def test_workers_follow_a_savepoint(big):
    with big.connect(B) as session:
        session.execute(PARALLEL)
        with session.transaction():
            bind(session, B)
            assert value(session, "SELECT max(tenant_id) FROM inventory_core_internal.items") == B
            with session.transaction(force_rollback=True):
                session.execute("SELECT inventory_core.clear_tenant()")
                bind(session, scene.CANARY)
                assert value(session, "SELECT max(tenant_id) FROM inventory_core_internal.items") == scene.CANARY
            assert value(session, "SELECT max(tenant_id) FROM inventory_core_internal.items") == B


# --- functions joined to views ---------------------------------------------------------------------------

JOINED = {
    "missing items": "SELECT i.tenant_id, i.external_id FROM inventory_core.missing_items('a', '{hash}') AS m "
                     "JOIN inventory_core.inventory_items AS i ON i.item_id = m.item_id",
    "view first": "SELECT i.tenant_id, i.external_id FROM inventory_core.inventory_items AS i "
                  "JOIN inventory_core.missing_items('a', '{hash}') AS m ON i.item_id = m.item_id",
    "left": "SELECT r.tenant_id, m.policy_type FROM inventory_core.missing_summary('a', '{hash}') AS m "
            "LEFT JOIN inventory_core.inventory_sync_runs AS r ON r.error_codes = m.error_codes",
    "twin": "SELECT v.tenant_id, v.run_id::text FROM inventory_core.inventory_sync_runs('a') AS t "
            "JOIN inventory_core.inventory_sync_runs AS v ON v.run_id = t.run_id",
    "exists": "SELECT v.tenant_id, v.run_id::text FROM inventory_core.inventory_sync_runs AS v "
              "WHERE EXISTS (SELECT FROM inventory_core.inventory_items('a'))",
    "set_tenant beside": "SELECT inventory_core.set_tenant('a'), external_id FROM inventory_core.inventory_items "
                         "WHERE item_id < 5"}


@pytest.mark.parametrize("allowed", JOINS)
@pytest.mark.parametrize("statement", JOINED.values(), ids=JOINED)
def test_joined_to_a_view(world, statement, allowed):
    """Without a binding from an earlier statement it depends on the plan whether the view has one in time."""
    statement = statement.format(hash=world.hashes[A][0])
    with world.connect(A, options="-c jit=off") as session:        # a join that is switched off costs enough to compile it
        with session.transaction():
            bind(session, A)
            expected = sorted(session.execute(statement).fetchall())
        assert expected
        for join in JOINS:
            session.execute(f"SET {join} = {'on' if join == allowed else 'off'}")
        for reorder in (1, 8):
            session.execute(f"SET join_collapse_limit = {reorder}")
            with session.transaction():
                bind(session, A)
                assert sorted(session.execute(statement).fetchall()) == expected
            try:
                assert sorted(session.execute(statement).fetchall()) == expected
            except errors.ObjectNotInPrerequisiteState:
                pass


# --- what a plan shows -----------------------------------------------------------------------------------

READS = {
    "items": "SELECT * FROM inventory_core_internal.items",
    "one item": "SELECT * FROM inventory_core.inventory_items WHERE external_id = 'id 777'",
    "item by id": "SELECT * FROM inventory_core.inventory_items WHERE item_id = 7",
    "inventory_items": "SELECT * FROM inventory_core.inventory_items",
    "of b": "SELECT * FROM inventory_core.inventory_items WHERE tenant_id = 'b'",
    "last_seen": "SELECT * FROM inventory_core_internal.last_seen"}


@pytest.mark.parametrize("statement", READS.values(), ids=READS)
def test_asks_for_the_tenant_once(big, statement):
    with big.connect(A) as session, session.transaction():
        bind(session, A)
        plan = analysed(session, statement)
        asking = [node for node in plan if "_readable_tenant()" in str(node.get("Output")) or
                  "_may_read()" in str(node.get("Output"))]
        assert asking and all(node["Actual Loops"] <= 1 for node in asking)
        for node in plan:       # nowhere row by row
            for clause in ("Filter", "Index Cond", "Join Filter", "Recheck Cond"):
                assert "_tenant()" not in node.get(clause, ""), node


# What might tempt the planner to look at more than the tenant's own rows.
TEMPTATIONS = {
    "as it is": "",
    "no index scans": "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off",
    "bitmaps": "SET LOCAL enable_indexscan = off; SET LOCAL enable_seqscan = off",
    "workers": PARALLEL.replace("SET ", "SET LOCAL ").replace("enable_memoize = off", "enable_memoize = on"),
    "cheap scans": "SET LOCAL seq_page_cost = 0; SET LOCAL cpu_tuple_cost = 0; SET LOCAL random_page_cost = 1000"}
LOOKS = {
    **READS,
    "no such name": "SELECT * FROM inventory_core_internal.items WHERE display_name = 'nobody'",
    "either": "SELECT * FROM inventory_core_internal.items WHERE item_id = 7 OR external_id = 'id 777'",
    "row version": "SELECT * FROM inventory_core_internal.items WHERE ctid = ANY (ARRAY['(0,1)', '(0,2)', '(0,3)', '(900,1)']::tid[])",
    "row versions": "SELECT * FROM inventory_core_internal.items WHERE ctid < '(100,1)'",
    "count": "SELECT count(*) FROM inventory_core_internal.items",
    "join": "SELECT * FROM inventory_core_internal.items AS i JOIN inventory_core_internal.sync_runs AS r ON r.started_at = i.first_seen_at",
    "update": "UPDATE inventory_core_internal.items SET display_name = 'x' WHERE display_name = 'nobody'",
    "delete": "DELETE FROM inventory_core_internal.items WHERE meta ->> 'owner' = 'nobody'",
    "lock": "SELECT * FROM inventory_core_internal.items WHERE item_id % 10000 = 7 FOR UPDATE"}


def looked_at(plan):
    """(table, rows that a scan of it came by in one loop)"""
    for node in plan:
        if "Relation Name" in node and "Actual Rows" in node:
            yield node["Relation Name"], node["Actual Rows"] + node.get("Rows Removed by Filter", 0) \
                + node.get("Rows Removed by Index Recheck", 0), node


def own_rows(world, tenant):
    """table -> how many rows the tenant has there, for tables with tenants"""
    with world.admin() as owner:
        tables = [t for t, in owner.execute("""
            SELECT c.relname::text FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
            WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind = 'r' AND c.relname <> 'tenant_home'""")]
        counts = {t: value(owner, f"SELECT count(*) FROM inventory_core_internal.{t} WHERE tenant_id = %s", (tenant,)) for t in tables}
        counts["tenant_grants"] = value(owner, "SELECT count(*) FROM inventory_core_internal.tenant_grants WHERE role_name = %s",
                                        (world.roles[tenant],))
    return counts


def check_looks(plan, own):
    seen = False
    for table, rows, node in looked_at(plan):
        assert rows <= own.get(table, 10**9), node
        seen = seen or table in own
    return seen


# Where index scans are made dear, all plans cost the same to the planner, and it may ask for each item who saw it.
TEMPTED = [pytest.param(statement, tempt, id=f"{look}-{temptation}")
           for look, statement in LOOKS.items() for temptation, tempt in TEMPTATIONS.items()
           if not (look in ("inventory_items", "of b") and temptation in ("no index scans", "bitmaps"))]


@pytest.mark.parametrize("statement, tempt", TEMPTED)
def test_no_row_of_another_tenant_is_looked_at(big, statement, tempt):
    own = own_rows(big, A)
    with big.connect(A) as session, session.transaction(force_rollback=True):
        bind(session, A)
        if tempt:
            session.execute(tempt)
        assert check_looks(analysed(session, statement), own)


def test_nor_in_any_table(world):
    """Tables of a few rows, which a planner left alone would always read as a whole."""
    own = own_rows(world, A)
    assert {"tenant_grants", "sync_runs", "selections", "refusals"} <= own.keys()
    with world.connect(A) as session, session.transaction(force_rollback=True):
        bind(session, A)
        for table in own:
            assert check_looks(analysed(session, f"SELECT * FROM inventory_core_internal.{table}"), own)


def test_first_statement_of_a_session(big):
    """The library is not loaded yet when it is planned."""
    with big.connect(A) as session:
        plan = list(nodes(value(session, "EXPLAIN (FORMAT JSON) SELECT * FROM inventory_core_internal.items")[0]["Plan"]))
        assert {n["Node Type"] for n in plan if "Relation Name" in n} <= {"Index Scan", "Index Only Scan"}
    with big.connect(A) as session:
        session.execute("SET plan_cache_mode = force_generic_plan")
        session.execute("PREPARE all_items AS SELECT * FROM inventory_core_internal.items")
        session.execute("EXPLAIN EXECUTE all_items")
        with session.transaction():
            bind(session, A)
            assert check_looks(list(nodes(value(
                session, "EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE all_items")[0]["Plan"])), own_rows(big, A))


def test_others_plan_as_ever(big):
    """A superuser, for whom no policy holds."""
    with big.admin() as owner:
        assert "Seq Scan" in {n["Node Type"] for n in analysed(owner, "SELECT * FROM inventory_core_internal.items")}


def test_row_at_a_cursor(big):
    with big.connect(A) as session, session.transaction(force_rollback=True):
        bind(session, A)
        session.execute("DECLARE one_item CURSOR FOR SELECT * FROM inventory_core_internal.items WHERE item_id = 7 FOR UPDATE")
        session.execute("FETCH one_item")
        assert session.execute("UPDATE inventory_core_internal.items SET display_name = 'here' WHERE CURRENT OF one_item").rowcount == 1
        assert value(session, "SELECT display_name FROM inventory_core_internal.items WHERE item_id = 7") == "here"


def test_no_sample(big):
    with big.connect(A) as session, session.transaction():
        bind(session, A)
        with pytest.raises(errors.FeatureNotSupported) as refused:
            session.execute("SELECT count(*) FROM inventory_core_internal.items TABLESAMPLE SYSTEM (10)")
        assert refused.value.diag.message_detail and refused.value.diag.message_hint
