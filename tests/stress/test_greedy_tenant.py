"""One tenant that polls hard does not starve nine modest ones: global limit 10, two a tenant."""

import json
import random
import threading
import time

import psycopg
import pytest

from stress_server import shared_database

GLOBAL_LIMIT, TENANT_LIMIT = 10, 2
GREEDY_CLIENTS = 8
MODEST = [f"modest {n}" for n in range(9)]
RUNS_EACH, TRIES = 4, 25
HELD, BETWEEN_TRIES = 0.1, 0.05      # seconds


@pytest.fixture
def database():
    with shared_database(["greedy", *MODEST], max_running_runs=GLOBAL_LIMIT,
                         max_running_runs_per_tenant=TENANT_LIMIT) as (name, owner):
        yield name, owner


class Poller(threading.Thread):
    def __init__(self, database, tenant, number):
        super().__init__(daemon=True)
        self.connection = psycopg.connect(dbname=database, user=database, autocommit=True, prepare_threshold=None)
        self.tenant, self.number, self.polls, self.failure = tenant, number, 0, None
        self.reasons = {}

    def start_run(self):
        self.polls += 1
        try:
            run_id, reason = self.connection.execute("SELECT run_id, reason FROM inventory_core.start_run(%s, %s::jsonb)",
                                                     (self.tenant, json.dumps({"n": self.number}))).fetchone()
        except psycopg.errors.LockNotAvailable:     # a server that stood still while it extended a file: may be retried
            run_id, reason = None, "55P03"
        self.reasons[reason] = self.reasons.get(reason, 0) + 1
        return run_id

    def hold_and_finish(self, run_id):
        time.sleep(HELD)
        self.connection.execute("SELECT inventory_core.finish_run(%s, %s)", (self.tenant, run_id))

    def run(self):
        try:
            self.work()
        except Exception as failure:        # shown by the test
            self.failure = failure
        finally:
            self.connection.close()


class Greedy(Poller):
    enough = threading.Event()

    def work(self):
        while not self.enough.is_set():
            if run_id := self.start_run():
                self.hold_and_finish(run_id)


class Modest(Poller):
    def work(self):
        self.tries = []
        for _ in range(RUNS_EACH):
            for tries in range(1, TRIES + 1):
                if run_id := self.start_run():
                    break
                time.sleep(random.uniform(0.5, 1.5) * BETWEEN_TRIES)
            self.tries.append(tries if run_id else None)
            if run_id:
                self.hold_and_finish(run_id)


def test_greedy_tenant_starves_nobody(database, capsys):
    name, _ = database
    greedy = [Greedy(name, "greedy", n) for n in range(GREEDY_CLIENTS)]
    modest = [Modest(name, tenant, 0) for tenant in MODEST]
    try:
        for poller in greedy + modest:
            poller.start()
        for poller in modest:
            poller.join()
    finally:
        Greedy.enough.set()
        for poller in greedy:
            poller.join()

    assert [repr(p.failure) for p in greedy + modest if p.failure] == []
    tries = [t for p in modest for t in p.tries]
    with capsys.disabled():
        print(f"\n  tries of the modest: {sorted(tries, key=lambda t: t or TRIES + 1, reverse=True)[:8]} ... of {len(tries)} runs, "
              f"refused {added(p.reasons for p in modest)}; greedy: {added(p.reasons for p in greedy)}", end="")
    assert None not in tries
    # each client has a selection of its own
    assert "already_running" not in added(p.reasons for p in greedy + modest)


def added(counts):
    total = {}
    for count in counts:
        for reason, n in count.items():
            total[reason] = total.get(reason, 0) + n
    return total


def test_refused_start_takes_no_room(database):
    """A tenant at its limit asks, and its transaction stays open: the room that is left is for others."""
    name, owner = database
    owner.execute("ALTER DATABASE " + name + " SET inventory_core.max_running_runs = 3")
    greedy, other = Poller(name, "greedy", 0), Poller(name, MODEST[0], 0)
    assert greedy.start_run()
    greedy.number = 1
    assert greedy.start_run()
    greedy.connection.execute("BEGIN")
    greedy.number = 2
    assert greedy.start_run() is None
    assert other.start_run(), other.reasons
    greedy.connection.close()
    other.connection.close()
