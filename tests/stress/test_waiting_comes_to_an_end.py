"""Whoever wants a tenant, its items or a run alone gets it, though the batches and starts of its workers always overlap."""

import itertools
import json
import threading
import time

import psycopg
import pytest

from stress_server import shared_database

TURN = 0.2          # seconds that a worker keeps its transaction open
WORKERS = 4
WITHIN = 3.0        # seconds: without a fair queue it is for as long as the workers overlap
NUMBERS = itertools.count()
BATCH = json.dumps([{"policy_type": "t", "external_id": "a"}])


@pytest.fixture(scope="module")
def database():
    with shared_database(["*"], "maintainer", max_running_runs=-1, max_running_runs_per_tenant=-1) as (name, owner):
        yield name, owner


@pytest.fixture
def tenant():
    return f"tenant {next(NUMBERS)}"


@pytest.fixture
def connect(database):
    connections = []

    def connect():
        connections.append(psycopg.connect(dbname=database[0], user=database[0], autocommit=True, prepare_threshold=None))
        return connections[-1]

    yield connect
    for connection in connections:
        connection.close()


def start(session, tenant):
    return session.execute("SELECT run_id FROM inventory_core.start_run(%s, %s)",
                           (tenant, json.dumps({"n": next(NUMBERS)}))).fetchone()[0]


def batch(session, tenant, run_id):
    session.execute("SELECT inventory_core.upsert_items(%s, %s, %s)", (tenant, run_id, BATCH))


class Workers:
    """One after the other keeps a transaction open, so that there is never none."""

    def __init__(self, connect, work):
        self.work, self.done, self.turns = work, threading.Event(), 0
        self.threads = [threading.Thread(target=self.take_turns, args=(connect(), n)) for n in range(WORKERS)]

    def take_turns(self, session, n):
        time.sleep(n * TURN / WORKERS)
        while not self.done.is_set():
            try:
                with session.transaction():
                    self.work(session)
                    time.sleep(TURN)
                    self.turns += 1
            except (psycopg.errors.ObjectNotInPrerequisiteState, psycopg.errors.NoDataFound):   # the run is over, or forgotten
                return

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        time.sleep(2 * TURN)
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join()


CALLS = {
    "forget_items": "SELECT inventory_core.forget_items(%(tenant)s, '{1}')",
    "forget_missing": "SELECT inventory_core.forget_missing(%(tenant)s, (SELECT min(r.selection_hash) FROM inventory_core.inventory_sync_runs("
                      "%(tenant)s) AS r), 1, '0', false)",
    "rename_item": "SELECT inventory_core.rename_item(%(tenant)s, (SELECT min(i.item_id) FROM inventory_core.inventory_items("
                   "%(tenant)s) AS i), 'renamed', 'renamed')",
    "finish_run": "SELECT inventory_core.finish_run(%(tenant)s, %(run)s)",
    "forget_tenant": "SELECT inventory_core.forget_tenant(%(tenant)s)",
    "set_tenant_limit": "SELECT inventory_core.set_tenant_limit(%(tenant)s, 7)",
}


def timed(session, call, capsys, **parameters):
    """Bounded, so that a test without an end is a failure."""
    session.execute("SET statement_timeout = '10s'")
    since = time.monotonic()
    session.execute(CALLS[call], parameters)
    took = time.monotonic() - since
    with capsys.disabled():
        print(f"\n  {call} after {took * 1000:.0f} ms", end="")
    return took


@pytest.mark.parametrize("call", CALLS)
def test_beside_batches_that_overlap(database, connect, tenant, call, capsys):
    session = connect()
    run = start(session, tenant)
    batch(session, tenant, run)
    with Workers(connect, lambda worker: batch(worker, tenant, run)) as workers:
        assert timed(database[1] if call == "set_tenant_limit" else session, call, capsys, tenant=tenant, run=run) < WITHIN
    assert workers.turns > WORKERS


@pytest.mark.parametrize("call", ["set_tenant_limit", "forget_items", "forget_tenant"])
def test_beside_starts_that_overlap(database, connect, tenant, call, capsys):
    session = connect()
    start(session, tenant)
    with Workers(connect, lambda worker: start(worker, tenant)) as workers:
        assert timed(database[1] if call == "set_tenant_limit" else session, call, capsys, tenant=tenant) < WITHIN
    assert workers.turns >= WORKERS


def test_no_session_level_lock_is_left(connect, tenant):
    session = connect()
    run = start(session, tenant)
    with session.transaction():
        batch(session, tenant, run)
        held = session.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()").fetchone()
        assert held == (0,), "a batch holds an advisory lock"
    session.execute("SELECT inventory_core.forget_items(%s, '{1}')", (tenant,))
    session.execute("SELECT inventory_core.finish_run(%s, %s)", (tenant, run))
    assert session.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()").fetchone() == (0,)
