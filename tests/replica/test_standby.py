"""On a hot standby and in a read-only transaction every answer can be had, and every writer says that it cannot write."""

import json
import time

import psycopg
import pytest

import scene
from every_answer import every_answer
from operating_page import command
from own_server import own_server

# A call of each writer that has something to write, for tenant b; what upkeep adds stands here already.
WRITERS = {
    "start_run": """SELECT inventory_core.start_run('b', '{"list": "new"}')""",
    "upsert_items": "SELECT inventory_core.upsert_items('b', %(run)s, '[]')",
    "remove_items": "SELECT inventory_core.remove_items('b', %(run)s, '[]')",
    "heartbeat": "SELECT inventory_core.heartbeat('b', %(run)s)",
    "record_error": "SELECT inventory_core.record_error('b', %(run)s, 'timeout')",
    "record_throttle": "SELECT inventory_core.record_throttle('b', %(run)s, 429)",
    "finish_run": "SELECT inventory_core.finish_run('b', %(run)s)",
    "reap_expired_runs": "SELECT inventory_core.reap_expired_runs('b')",
    "end_cooldown": "SELECT inventory_core.end_cooldown('b')",
    "forget_items": "SELECT inventory_core.forget_items('b', '{1}')",
    "forget_missing": "SELECT inventory_core.forget_missing('b', %(hash)s, 1, '0', false)",
    "forget_selection": "SELECT inventory_core.forget_selection('b', %(hash)s)",
    "forget_orphans": "SELECT inventory_core.forget_orphans('b', false)",
    "rename_item": "SELECT inventory_core.rename_item('b', 1, 'new', 'new')",
    "replace_selection": "SELECT inventory_core.replace_selection('b', %(hash)s, '{}')",
    "forget_tenant": "SELECT inventory_core.forget_tenant('b')",
    "prune_runs": "SELECT inventory_core.prune_runs('b', '0', 0)",
    "grant_access": "SELECT inventory_core.grant_access(%(role)s::regrole, 'b', 'reader')",
    "revoke_access": "SELECT inventory_core.revoke_access(%(role)s::regrole, 'b')",
    "allow_meta": "SELECT inventory_core.allow_meta('*', 'size')",
    "disallow_meta": "SELECT inventory_core.disallow_meta('*', 'owner')",
    "set_tenant_limit": "SELECT inventory_core.set_tenant_limit('b', 3)",
}
FOR_THE_OWNER = {"grant_access", "revoke_access", "allow_meta", "disallow_meta", "set_tenant_limit", "forget_tenant"}
# changes_since numbers what waits only where it can write.
WRITE_NOTHING = {"changes_since", "retry_delay", "set_tenant", "clear_tenant", "try_lock_selection", "redact", "doctor", "cooling_down"}


@pytest.fixture(scope="module")
def standby(primary):
    server, world = primary
    with own_server(standby_of=server) as replica:
        # what was there at the base backup, and what comes by the stream
        with world.connect(scene.A) as app:
            app.execute("SELECT inventory_core.record_error(%s, %s, 'timeout')", (scene.A, world.runs[scene.A]["running"]))
        caught_up(server, replica)
        yield replica


def caught_up(server, replica, seconds=60):
    with server.connect() as here, replica.connect() as there:
        target = scene.value(here, "SELECT pg_current_wal_lsn()::text")
        deadline = time.monotonic() + seconds
        while not scene.value(there, "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (target,)):
            assert time.monotonic() < deadline, "the standby does not catch up"
            time.sleep(0.05)


def test_a_standby_gives_every_answer(primary, standby):
    server, world = primary
    with server.connect(dbname=world.database) as here, standby.connect(dbname=world.database) as there:
        assert scene.value(there, "SELECT pg_is_in_recovery()")
        for tenant, role in world.roles.items():
            answers = every_answer(here, role, tenant)
            assert answers["run_progress"] and answers["missing_items"]
            assert every_answer(there, role, tenant) == answers
            assert every_answer(here, role, tenant, begin="BEGIN READ ONLY") == answers
            assert every_answer(here, role, tenant, begin="BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE") == answers


def test_metrics_can_be_had_from_a_standby(primary, standby):
    """So a monitoring system need not ask the primary."""
    server, world = primary
    statement = "SELECT m FROM inventory_core.metrics('selection') AS m WHERE m.metric !~ 'age_seconds|slots' ORDER BY m"
    with server.connect(dbname=world.database) as here, standby.connect(dbname=world.database) as there:
        told = here.execute(statement).fetchall()
        assert len(told) > 20 and there.execute(statement).fetchall() == told


def test_the_fence_stands_on_a_standby(primary, standby):
    _, world = primary
    with standby.connect(dbname=world.database, user=world.roles[scene.A]) as app:
        for statement, error in (("SELECT inventory_core.inventory_items('b')", psycopg.errors.InsufficientPrivilege),
                                 ("SELECT * FROM inventory_core.inventory_items",
                                  psycopg.errors.ObjectNotInPrerequisiteState)):
            with pytest.raises(error):
                app.execute(statement)


@pytest.mark.parametrize("where", ["standby", "read-only transaction"])
def test_writers_say_that_they_cannot_write(primary, standby, where):
    server, world = primary
    role = world.roles[scene.B]
    with (standby if where == "standby" else server).connect(dbname=world.database) as connection:
        known = {name for (name,) in connection.execute(
            "SELECT proname::text FROM pg_proc WHERE pronamespace = 'inventory_core'::regnamespace AND provolatile = 'v' "
            "AND prokind = 'f' AND prorettype <> 'trigger'::regtype AND proname !~ '^_'")}
        assert not known - WRITERS.keys() - WRITE_NOTHING, "writers that nobody tries"
        connection.execute("SELECT inventory_core.current_tenant()")
        connection.execute("SET inventory_core.clock = '2040-01-01'")       # the runs have expired: there is something to reap
        arguments = {"run": world.runs[scene.B]["running"], "hash": world.hashes[scene.B][0],
                     "role": scene.value(connection, "SELECT quote_ident(%s)", (role,))}
        for name in sorted(known & WRITERS.keys()):
            connection.execute("BEGIN READ ONLY" if where != "standby" else "BEGIN")
            if name not in FOR_THE_OWNER:
                scene.run(connection, "SET LOCAL SESSION AUTHORIZATION {}", role)
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                connection.execute(WRITERS[name], arguments)
                pytest.fail(name)
            connection.execute("ROLLBACK")


def test_work_goes_on_after_a_failover(primary):
    server, world = primary
    with own_server(standby_of=server) as replica:
        caught_up(server, replica)
        with server.connect(dbname=world.database) as here, replica.connect(dbname=world.database) as there:
            before = every_answer(here, world.roles[scene.B], scene.B)
            there.execute(command("pg_promote"))
            assert every_answer(there, world.roles[scene.B], scene.B) == before
        with replica.connect(dbname=world.database, user=world.roles[scene.B]) as app:
            run = world.runs[scene.B]["running"]
            counts = app.execute("SELECT inserted, unchanged FROM inventory_core.upsert_items(%s, %s, %s)",
                                 (scene.B, run, scene.items(scene.CANARY, [3, 9]))).fetchone()
            assert counts == (1, 1)
            status = scene.value(app, "SELECT status FROM inventory_core.finish_run(%s, %s)", (scene.B, run))
            assert status == "success"
            assert scene.value(app, "SELECT status FROM inventory_core.start_run(%s, %s)",
                               (scene.B, json.dumps({"list": scene.CANARY}))) == "running"
