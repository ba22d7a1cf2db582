"""Random statements by tenant a's plain role, beside many rows of b, against the same ones where b's rows are not.

The answers must be equal, nothing that a is told may hold a text of b, and no plan visits a row of b: each scan is by
an index, by what the policy compares, and removes no more rows than a has.

QUERIES (600) statements in all; QUERY_SEED=n plays the statements from n on.
"""

import json
import os
import re

import psycopg
import pytest

import scene
from random_queries import MERGEABLE, Random
from scene import A, B, CANARY, bind, grant, run, value
from test_plans import nodes, own_rows

COUNT = int(os.environ.get("QUERIES", "600"))
SEED = int(os.environ.get("QUERY_SEED", "1"))
LEAKY = """CREATE FUNCTION public.leaky(given text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 PARALLEL SAFE AS
           $$ BEGIN RAISE NOTICE '%', given; RETURN true; END $$"""


@pytest.fixture(scope="module")
def beside(prepared):
    with scene.copy(prepared) as world:
        with world.admin() as owner:
            owner.execute(LEAKY)
            for name in world.roles.values():        # more than one grant on the same tenant
                grant(owner, name, A, "maintainer")
        with world.connect(B) as session:
            crowd(session, world)
        with world.admin() as owner:
            owner.execute("ANALYZE")
        yield world


def crowd(session, world):
    """b has more rows than a in every table where a statement may add some."""
    items = [{"policy_type": f"{CANARY} vm", "external_id": f"{CANARY} {n}", "display_name": f"{CANARY} {n % 9}"}
             for n in range(300)]
    session.execute("SELECT inventory_core.upsert_items('b', %s, %s)", (world.runs[B]["running"], json.dumps(items)))
    for number in range(20):
        run_id = value(session, "SELECT run_id FROM inventory_core.start_run('b', jsonb_build_object('n', %s::int), scope => %s)",
                       (number, f"{CANARY} {number}"))
        session.execute("SELECT inventory_core.record_error('b', %s, message => %s)", (run_id, f"{CANARY} {number}"))
        session.execute("SELECT inventory_core.record_throttle('b', %s, 429, '60', scope => %s)", (run_id, f"{CANARY} {number}"))
        session.execute("SELECT inventory_core.finish_run('b', %s, 'failed')", (run_id,))


@pytest.fixture(scope="module")
def alone(beside):
    """The same rows of a, in the same places, and no others."""
    with scene.copy(beside) as world:
        with world.admin() as owner:
            owner.execute("SET session_replication_role = replica")
            for table in own_rows(world, A):
                if table != "tenant_grants":
                    run(owner, "DELETE FROM inventory_core_internal.{} WHERE tenant_id <> 'a'", table)
            owner.execute("DELETE FROM inventory_core_internal.tenant_grants WHERE role_name <> %s", (world.roles[A],))
        yield world


def vocabulary(world):
    """relation -> its columns, column or type -> values of all tenants"""
    relations, samples = {}, {}
    with world.admin() as owner:
        for relation, column, of_type, kind in owner.execute("""
                SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL), c.relkind::text
                FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind IN ('r', 'v') AND EXISTS (
                    SELECT FROM pg_attribute AS t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id')
                ORDER BY c.relname, a.attnum""").fetchall():
            columns = relations.setdefault(relation, [("ctid", "tid")] if kind == "r" else [])
            columns.append((column, of_type))
            if of_type in MERGEABLE:
                found = owner.execute(f"SELECT DISTINCT quote_literal(t.{column}::text) AS v FROM {scene.qualified(relation)} AS t "
                                      "ORDER BY v LIMIT 12").fetchall()
                samples[column, of_type] = samples.get((column, of_type), []) + [text for text, in found if text]
                samples.setdefault(of_type, []).extend(samples[column, of_type])
    samples["tid"] = ["'(0,1)'", "'(0,2)'", "'(0,30)'", "'(1,1)'", "'(4,7)'"]
    samples["text"] += ["'%1'", "''", "'b'", "'a'", f"'{CANARY}%'"]
    return relations, samples


def ask(session, statement, settings):
    """What the statement says under the settings, bound to a; undone at once."""
    try:
        with session.transaction(force_rollback=True):
            bind(session, A)
            for name, given in settings.items():
                session.execute("SELECT set_config(%s, %s, true)", (name, given))
            if statement.way == "prepared":
                session.execute(statement.prepare("q"))
                answer = session.execute(statement.execute("q"))
            elif statement.way == "cursor":
                session.execute("DECLARE c CURSOR FOR " + statement.inline())
                answer = session.execute("FETCH ALL FROM c")
            else:
                answer = session.execute(statement.inline())
            return sorted(map(str, answer.fetchall())) if answer.description else answer.rowcount
    except psycopg.Error as raised:
        return raised.sqlstate, str(raised)
    finally:
        session.execute("DEALLOCATE ALL")


def plan_of(session, statement, settings):
    with session.transaction(force_rollback=True):
        bind(session, A)
        for name, given in settings.items():
            session.execute("SELECT set_config(%s, %s, true)", (name, given))
        text = statement.inline()
        if statement.way == "prepared":
            session.execute(statement.prepare("q"))
            text = statement.execute("q")
        plan = value(session, "EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) " + text)[0]["Plan"]
    session.execute("DEALLOCATE ALL")
    return plan


def check_plan(plan, own):
    assert CANARY not in json.dumps({key: text for key, text in plan.items() if key == "Output"})
    every = list(nodes(plan))
    rescans = any(node["Node Type"] == "Merge Join" for node in every)       # goes back, and visits a row again
    for node in every:
        if node.get("Schema") != "inventory_core" or node.get("Relation Name") not in own or node["Node Type"] == "ModifyTable":
            continue
        assert node["Node Type"] in ("Index Scan", "Index Only Scan"), node
        first = "role_oid" if node["Relation Name"] == "tenant_grants" else "tenant_id"
        assert re.search(rf"\(({node['Alias']}\.)?{first} >?= ", node["Index Cond"]), node
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        assert rescans or removed <= own[node["Relation Name"]], node


def stop_clock(world):
    """Columns that tell how long something has been running are the same for both."""
    with world.admin() as owner:
        run(owner, "ALTER DATABASE {} SET inventory_core.clock = '2030-01-01 00:00:00+00'", world.database)


def session_of(world, told, tenant=None):
    options = {"options": "-c jit=off -c statement_timeout=20s -c timezone=UTC"}
    session = world.connect(tenant, **options) if tenant else scene.connect(world.database, **options)
    session.add_notice_handler(lambda notice: told.append(notice.message_primary))
    return session


def test_random_statements(beside, alone):
    relations, samples = vocabulary(beside)
    own, told, kinds = own_rows(beside, A), [], {}
    stop_clock(beside)
    stop_clock(alone)
    with session_of(beside, told, A) as role, session_of(alone, []) as only:
        force = value(role, "SELECT name FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query')")
        for seed in range(SEED, SEED + COUNT):
            statement = Random(relations, samples, "public.leaky", seed).statement()
            settings = statement.settings | ({force: "on"} if "parallel_setup_cost" in statement.settings else {})
            shown = f"QUERY_SEED={seed}, {statement.way}, {settings}: {statement.inline()}"
            expected, answer = ask(only, statement, {}), ask(role, statement, settings)
            if isinstance(answer, tuple) or isinstance(expected, tuple):
                assert isinstance(answer, tuple) and CANARY not in answer[1].replace(statement.inline(), ""), f"{shown}\n{answer}"
                outcome = answer[0]
                assert outcome == "42501" or outcome in expected[:1], f"{shown}\n{answer}\n{expected}"
            else:
                assert answer == expected, f"{shown}\n{answer}\n{expected}"
                try:
                    check_plan(plan_of(role, statement, settings), own)
                except AssertionError as error:
                    raise AssertionError(f"{shown}\n{error}") from None
                outcome = "rows" if answer else "nothing"
            assert not any(CANARY in text for text in told), f"{shown}\n{told}"
            told.clear()
            kinds[statement.kind, outcome] = kinds.get((statement.kind, outcome), 0) + 1
    answered = sum(count for (_, outcome), count in kinds.items() if outcome == "rows")
    assert answered > COUNT / 4 and sum(kinds.values()) == COUNT, kinds
