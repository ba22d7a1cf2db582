"""start_run answers at once, whatever another transaction is in the middle of; and a stranger's lock is no reason to refuse.

Each scenario leaves a transaction open and then asks, alone and as one of a crowd. The promise is 200 ms; asserted is a second,
because machines of tests are slow. `pytest -s` shows the figures.
"""

import itertools
import json
import threading
import time

import psycopg
import pytest

from stress_server import shared_database

PROMISED, ASSERTED = 0.2, 1.0
CROWD = 8
RUNNING, BUSY = ("running", None), ("skipped", "already_running")

START = "SELECT status, reason, run_id FROM inventory_core.start_run(%s, %s::jsonb, lease => %s::interval)"
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def database():
    with shared_database(["*"], "maintainer", max_running_runs=-1, max_running_runs_per_tenant=-1) as (name, owner):
        yield name, owner


class Scene:
    """A tenant of its own, a transaction that is left open, and those that ask meanwhile."""

    def __init__(self, name, owner):
        self.name, self.owner = name, owner
        self.tenant = f"tenant {next(NUMBERS)}"
        self.selection = json.dumps({"scene": next(NUMBERS)})
        self.other = json.dumps({"scene": next(NUMBERS)})
        self.connections = []
        self.open, self.forgetter = self.connect(), self.connect()

    def connect(self):
        self.connections.append(psycopg.connect(dbname=self.name, user=self.name, autocommit=True, prepare_threshold=None))
        return self.connections[-1]

    def start(self, connection=None, selection=None, lease="1 hour"):
        return (connection or self.open).execute(START, (self.tenant, selection or self.selection, lease)).fetchone()

    def run(self, selection=None, lease="1 hour"):
        """A running run, committed."""
        status, _, run_id = self.start(selection=selection, lease=lease)
        assert status == "running"
        return run_id

    def batch(self, run_id, external_id="a"):
        items = json.dumps([{"policy_type": "t", "external_id": external_id}])
        self.open.execute("SELECT * FROM inventory_core.upsert_items(%s, %s, %s::json)", (self.tenant, run_id, items))

    def finish(self, run_id):
        self.open.execute("SELECT inventory_core.finish_run(%s, %s)", (self.tenant, run_id))

    def stranger_locks(self, function):
        self.open.execute(f"SELECT {function}(inventory_core.selection_lock_key(%s, inventory_core.selection_hash(%s::jsonb)))",
                          (self.tenant, self.selection))


def first_start_ever(scene):
    scene.open.execute("BEGIN")
    scene.start()
    return {BUSY}


def later_start(scene):
    scene.finish(scene.run())
    scene.open.execute("BEGIN")
    scene.start()
    return {BUSY}


def finish(scene):
    run_id = scene.run()
    scene.open.execute("BEGIN")
    scene.finish(run_id)
    return {BUSY}


def batch(scene):
    run_id = scene.run()
    scene.open.execute("BEGIN")
    scene.batch(run_id, scene.selection)
    return {BUSY}


def batch_into_an_expired_run(scene):
    run_id = scene.run(lease="1 ms")
    scene.open.execute("BEGIN")
    scene.batch(run_id, scene.selection)
    return {BUSY}


def heartbeat_of_an_expired_run(scene):
    run_id = scene.run(lease="1 ms")
    scene.open.execute("BEGIN")
    scene.open.execute("SELECT inventory_core.heartbeat(%s, %s)", (scene.tenant, run_id))
    return {BUSY}


def refusal(scene):
    scene.run()
    scene.open.execute("BEGIN")
    assert scene.start()[:2] == BUSY
    return {BUSY}


def first_refusal_ever(scene):
    """Refused before its first run: the row of the selection is new, and its refusal not committed."""
    scene.owner.execute("SELECT inventory_core.set_tenant_limit(%s, 0)", (scene.tenant,))
    scene.open.execute("BEGIN")
    assert scene.start()[:2] == ("skipped", "tenant_limit")
    return {("skipped", "tenant_limit")}


def finish_of_another_selection(scene):
    other = scene.run(scene.other)
    scene.open.execute("BEGIN")
    scene.finish(other)
    return {RUNNING, BUSY}


def finish_of_another_selection_and_the_run_has_expired(scene):
    scene.run(lease="1 ms")
    finish_of_another_selection(scene)
    return {RUNNING, BUSY}


def forget_items_and_the_run_has_expired(scene):
    """The take-over needs what forget_items has alone."""
    scene.run(lease="1 ms")
    scene.forgetter.execute("BEGIN")
    scene.forgetter.execute("SELECT inventory_core.forget_items(%s, '{1}')", (scene.tenant,))
    return {BUSY}


def forget_tenant(scene):
    scene.run()
    scene.forgetter.execute("BEGIN")
    scene.forgetter.execute("SELECT inventory_core.forget_tenant(%s)", (scene.tenant,))
    return {("skipped", "tenant_limit")}


def a_refusal_whose_reason_has_gone(scene):
    """It has counted itself in the row of the selection, and is not committed."""
    run_id = scene.run()
    refused = scene.connect()
    refused.execute("BEGIN")
    assert scene.start(refused)[:2] == BUSY
    scene.finish(run_id)
    return {RUNNING, BUSY}


def a_hundred_expired_runs_and_the_tenant_is_full(scene):
    for n in range(100):
        scene.run(json.dumps({"expired": n}), lease="1 ms")
    scene.owner.execute("SELECT inventory_core.set_tenant_limit(%s, 1)", (scene.tenant,))
    return {("skipped", "tenant_limit")}


def finish_and_the_tenant_is_full_of_expired_runs(scene):
    scene.run(json.dumps({"scene": next(NUMBERS)}), lease="1 ms")
    finish_of_another_selection(scene)
    scene.owner.execute("SELECT inventory_core.set_tenant_limit(%s, 2)", (scene.tenant,))
    return {RUNNING, BUSY, ("skipped", "tenant_limit")}


def start_of_another_selection_under_the_last_tenant_slot(scene):
    scene.owner.execute("SELECT inventory_core.set_tenant_limit(%s, 1)", (scene.tenant,))
    scene.open.execute("BEGIN")
    scene.start(selection=scene.other)
    return {("skipped", "tenant_limit")}


def stranger_holds_the_key_in_a_transaction(scene):
    scene.open.execute("BEGIN")
    scene.stranger_locks("pg_advisory_xact_lock")
    return {RUNNING, BUSY}


def stranger_holds_the_key_in_a_session(scene):
    scene.stranger_locks("pg_advisory_lock")
    return {RUNNING, BUSY}


def stranger_holds_the_key_of_an_expired_run(scene):
    scene.run(lease="1 ms")
    scene.stranger_locks("pg_advisory_lock")
    return {RUNNING, BUSY}


SCENARIOS = [first_start_ever, later_start, finish, batch, batch_into_an_expired_run, heartbeat_of_an_expired_run, refusal,
             first_refusal_ever, finish_of_another_selection, finish_of_another_selection_and_the_run_has_expired,
             forget_items_and_the_run_has_expired, forget_tenant, a_refusal_whose_reason_has_gone,
             a_hundred_expired_runs_and_the_tenant_is_full, finish_and_the_tenant_is_full_of_expired_runs,
             start_of_another_selection_under_the_last_tenant_slot,
             stranger_holds_the_key_in_a_transaction, stranger_holds_the_key_in_a_session, stranger_holds_the_key_of_an_expired_run]


@pytest.fixture
def scene(database):
    scene = Scene(*database)
    yield scene
    for connection in scene.connections:
        connection.close()


def ask(scene, times, answers, together=None):
    """Starts and rolls back, so that each one finds the same; a running one among a crowd is enough."""
    connection = scene.connect()
    for _ in range(times):
        if together:
            together.wait()
        connection.execute("BEGIN")
        since = time.perf_counter()
        status, reason, _ = scene.start(connection)
        answers.append(((status, reason), time.perf_counter() - since))
        connection.execute("ROLLBACK")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_answers_at_once(scene, scenario, capsys):
    expected = scenario(scene)
    time.sleep(0.01)
    alone, crowd = [], []
    ask(scene, 3, alone)
    together = threading.Barrier(CROWD)
    threads = [threading.Thread(target=ask, args=(scene, 2, crowd, together)) for _ in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(crowd) == 2 * CROWD
    # who asks alone is not refused because of a stranger; in a crowd another start of the selection may be in the middle
    assert {answer for answer, _ in alone} == ({RUNNING} & expected or expected)
    assert {answer for answer, _ in crowd} <= expected | {BUSY}
    slowest, of_crowd = (max(took for _, took in answers) for answers in (alone, crowd))
    with capsys.disabled():
        print(f"\n  {scenario.__name__}: {slowest * 1000:.0f} ms alone, {of_crowd * 1000:.0f} ms of {CROWD} at once"
              f"{' (promised are 200)' if max(slowest, of_crowd) > PROMISED else ''}", end="")
    assert max(slowest, of_crowd) < ASSERTED


TABLES = ["sync_runs", "run_slots", "selections", "tenants", "tenant_grants", "tenant_limits", "cooldowns"]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_locked_as_a_whole_is_no_reason(scene, table):
    """As by VACUUM FULL. The error is passed on, and the same start goes through afterwards."""
    connection = scene.connect()
    with scene.owner.transaction():
        scene.owner.execute(f"LOCK TABLE inventory_core_internal.{table} IN ACCESS EXCLUSIVE MODE")
        since = time.perf_counter()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            scene.start(connection)
        assert time.perf_counter() - since < ASSERTED
    assert scene.start(connection)[:2] == RUNNING


def test_locked_slots_cost_no_transaction_ids(scene):
    """One look of a writer at all slots leaves a mark on every row, which no start has to wipe off by a subtransaction."""
    scene.open.execute("SELECT inventory_core.set_tenant(%s)", (scene.tenant,))
    with scene.open.transaction():
        scene.open.execute("SELECT inventory_core.set_tenant(%s)", (scene.tenant,))
        scene.open.execute("SELECT FROM inventory_core_internal.run_slots FOR UPDATE")
    starts = 10
    before, = scene.owner.execute("SELECT txid_current()").fetchone()
    for n in range(starts):
        scene.run(json.dumps({"start": n}))
    after, = scene.owner.execute("SELECT txid_current()").fetchone()
    assert after - before <= 3 * starts
