"""The planner's guesses, which EXPLAIN shows: they come from statistics over the rows of all tenants.

A value that is common in b's rows must be guessed like one that nobody has; from enough guesses a text can be read.
"""

import json
from contextlib import contextmanager

import pytest

import scene
from scene import A, B, CANARY, bind, value
from test_plans import nodes

NOBODYS = {"text": "'nobody has this'", "uuid": "'00000000-0000-0000-0000-0000000000ff'", "bigint": "987654321",
           "integer": "987654", "timestamp with time zone": "'2001-01-01 00:00:00+00'", "oid": "4294967290",
           "name": "'nobody has this'"}
TYPES = list(NOBODYS)


@contextmanager
def crowd(prepared):
    with scene.copy(prepared) as world:
        with world.connect(B) as session:
            items = [{"policy_type": f"{CANARY} vm", "external_id": f"{CANARY} {n}", "display_name": f"{CANARY} {n % 5}"}
                     for n in range(3000)]
            session.execute("SELECT inventory_core.upsert_items('b', %s, %s)", (world.runs[B]["running"], json.dumps(items)))
        with world.admin() as owner:
            owner.execute("ANALYZE")
        yield world


@pytest.fixture(scope="module")
def crowded(prepared):
    with crowd(prepared) as world:
        yield world


def questions(world):
    """(relation, column, type, a value that only others have)"""
    with world.admin() as owner:
        columns = owner.execute("""
            SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL),
                   CASE c.relname WHEN 'tenant_grants' THEN 'role_name' ELSE 'tenant_id' END
            FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind IN ('r', 'v')
              AND format_type(a.atttypid, NULL) = ANY (%s)
              AND EXISTS (SELECT FROM pg_attribute AS t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id')
            ORDER BY c.relname, a.attnum""", (TYPES,)).fetchall()
        for relation, column, of_type, owned_by in columns:
            own = world.roles[A] if owned_by == "role_name" else A
            found = owner.execute(f"""
                SELECT quote_literal(t.{column}::text) FROM {scene.qualified(relation)} AS t WHERE t.{column} IS NOT NULL
                GROUP BY t.{column} HAVING count(*) FILTER (WHERE t.{owned_by} = %s) = 0
                ORDER BY count(*) DESC, 1 LIMIT 1""", (own,)).fetchone()
            if found:
                yield relation, column, of_type, found[0]


def guess(session, relation, column, comparison, literal):
    """All of the plan but the literal."""
    question = f"SELECT * FROM {scene.qualified(relation)} WHERE {column} {comparison} {literal}"
    plan = value(session, "EXPLAIN (FORMAT JSON) " + question)
    return [{name: node.get(name) for name in ("Node Type", "Index Name", "Plan Rows", "Plan Width", "Startup Cost", "Total Cost")}
            for node in nodes(plan[0]["Plan"])]


@pytest.mark.parametrize("comparison", ("=", "<>", "<=", ">"))
def test_values_of_others_are_not_guessed(crowded, comparison):
    asked = 0
    with crowded.connect(A) as session, session.transaction():
        bind(session, A)
        for relation, column, of_type, theirs in questions(crowded):
            of_b, of_nobody = (guess(session, relation, column, comparison, literal)
                               for literal in (theirs, NOBODYS[of_type]))
            assert of_b == of_nobody, (relation, column, theirs)
            asked += 1
    assert asked > 60


def test_nor_is_the_start_of_a_text(crowded):
    with crowded.connect(A) as session, session.transaction():
        bind(session, A)
        of_b, of_nobody = (guess(session, "items", "external_id", "LIKE", f"'{letter}%'") for letter in (CANARY[0], "z"))
    assert of_b == of_nobody


def test_nobody_has_statistics(crowded):
    """Nor a superuser: ANALYZE collects none, whoever asks for it."""
    with crowded.admin() as owner:
        owner.execute("ANALYZE inventory_core_internal.items")
        assert owner.execute("SELECT DISTINCT starelid::regclass::text FROM pg_statistic WHERE starelid IN (SELECT oid FROM pg_class "
                             "WHERE relnamespace = 'inventory_core_internal'::regnamespace AND relname <> 'meta_whitelist')").fetchall() == []
        assert value(owner, "SELECT ok FROM inventory_core.doctor() WHERE check_name = 'statistics'")


def test_with_statistics_they_would_be_guessed(prepared):
    """So that the tests above can fail; and doctor tells of it."""
    with crowd(prepared) as world:
        with world.admin() as owner:
            owner.execute("ALTER TABLE inventory_core_internal.items ALTER COLUMN policy_type SET STATISTICS 100")
            owner.execute("ANALYZE inventory_core_internal.items")
            ok, detail = owner.execute("SELECT ok, detail FROM inventory_core.doctor() WHERE check_name = 'statistics'").fetchone()
            assert not ok and "items.policy_type" in detail
        with world.connect(A) as session, session.transaction():
            bind(session, A)
            common, rare = (guess(session, "items", "policy_type", "=", literal) for literal in (f"'{CANARY} vm'", "'nobody has this'"))
        assert common != rare
