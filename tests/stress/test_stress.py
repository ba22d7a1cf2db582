"""Sixteen clients over real connections, on a server that is made to suffer; then proofs from what the clients wrote down.

STRESS_SECONDS (25) says for how long, STRESS_SEED repeats the choices of a run (not their timing).
"""

import json
import math
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import psycopg
import pytest

import stress_checker
from stress_history import History, calls_of, tables_of
from own_server import own_server
from stress_server import deadlocks, prepare

SECONDS = float(os.environ.get("STRESS_SECONDS", 25))
SEED = int(os.environ.get("STRESS_SEED", random.SystemRandom().randrange(10**9)))
CLIENTS, SELECTIONS = 16, 4
TENANTS = ("first", "second", "third forgetful")
LEASES = (1, 2, 3)
GLOBAL_LIMIT, TENANT_LIMIT = 5, 2
ROLE, FORGETTER = "stress_writer", "stress_maintainer"


class Stress:
    """The clients, and what is done to them."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        self.random = random.Random(SEED)
        self.clients, self.started, self.setters = [], 0, []
        self.limits = [(None, GLOBAL_LIMIT, 0, 0)] + [(tenant, TENANT_LIMIT, 0, 0) for tenant in TENANTS]
        self.deadlocks = 0
        self.done = {}

    def set_up(self):
        with self.server.connect() as owner:
            prepare(owner, ROLE, TENANTS, lease="2s", shrink_guard_min_items=5, retry_base="100ms")
            prepare(owner, FORGETTER, TENANTS, "maintainer")
            owner.execute("SELECT inventory_core.allow_meta('*', 'owner')")
            owner.execute(f"ALTER SYSTEM SET inventory_core.max_running_runs = {GLOBAL_LIMIT}")
            owner.execute(f"ALTER SYSTEM SET inventory_core.max_running_runs_per_tenant = {TENANT_LIMIT}")
            owner.execute("SELECT pg_reload_conf()")
        self.since = time.monotonic()
        self.until = self.since + SECONDS

    def start_client(self):
        self.started += 1
        name = f"client-{self.started}"
        arguments = {"dsn": f"host={self.server.folder} port=5432 dbname=postgres user={ROLE}", "log": str(self.folder / f"{name}.log"),
                     "name": name, "seed": f"{SEED} {self.started}", "until": self.until, "since": self.since,
                     "tenants": TENANTS, "selections": SELECTIONS, "leases": LEASES}
        program = Path(__file__).with_name("stress_client.py")
        with open(self.folder / f"{name}.err", "wb") as err:
            self.clients.append(subprocess.Popen([sys.executable, "-B", program, json.dumps(arguments)], stderr=err))

    def run(self):
        for _ in range(CLIENTS):
            self.start_client()
        blows = [(at, self.random.choice([self.terminate_backend, self.terminate_backend, self.kill_client, self.change_limit,
                                          self.forget, self.forget])) for at in ticks(self.random, 1.0, SECONDS, 0.25)]
        blows += [(at, self.restore_limits) for at in ticks(self.random, 1.0, SECONDS, 2.0)]
        blows += [(SECONDS * 0.4, self.crash), (SECONDS * 0.7, self.restart)]
        for at, blow in sorted(blows, key=lambda b: b[0]):
            time.sleep(max(0.0, self.since + at - time.monotonic()))
            if time.monotonic() > self.until:       # the machine is slow, and the clients have gone home
                break
            try:
                blow()
            except psycopg.OperationalError:        # the server is still getting up
                continue
            self.done[blow.__name__] = self.done.get(blow.__name__, 0) + 1
        for client in self.clients:
            client.wait(timeout=60)
        for setter in self.setters:
            setter.join(timeout=60)
        self.server.wait_until_ready()

    def kill_client(self):
        client = self.random.choice([c for c in self.clients if c.poll() is None])
        client.kill()
        client.wait()
        self.start_client()

    def a_backend(self, connection):
        for _ in range(400):
            pids = [pid for (pid,) in connection.execute("SELECT pid FROM pg_stat_activity WHERE usename = %s ORDER BY pid", (ROLE,))]
            if pids:
                return self.random.choice(pids)
            time.sleep(0.05)
        raise AssertionError("no client has been connected for 20 seconds")

    def terminate_backend(self):
        with self.server.connect() as owner:
            owner.execute("SELECT pg_terminate_backend(%s)", (self.a_backend(owner),))

    def change_limit(self):
        tenant = self.random.choice([None, *TENANTS])
        self.set_limit(tenant, self.random.choice([1, 3, 4, 7] if tenant is None else [0, 1, 3, 4]))

    def restore_limits(self):
        for tenant in TENANTS:
            self.set_limit(tenant, TENANT_LIMIT)
        self.set_limit(None, GLOBAL_LIMIT)

    def set_limit(self, tenant, limit):
        """In a thread of its own: set_tenant_limit waits for uncommitted starts, while the other threads continue."""
        self.setters.append(threading.Thread(target=self.try_to_set_limit, args=(tenant, limit)))
        self.setters[-1].start()

    def try_to_set_limit(self, tenant, limit):
        sent = time.monotonic()
        try:
            self.set_limit_and_wait(tenant, limit, sent)
        except psycopg.OperationalError:        # the server went away: it may be in force, or not
            self.limits.append((tenant, limit, sent, math.inf))

    def set_limit_and_wait(self, tenant, limit, sent):
        with self.server.connect() as owner:
            if tenant is None:
                before = owner.execute("SELECT pg_conf_load_time()").fetchone()
                owner.execute(f"ALTER SYSTEM SET inventory_core.max_running_runs = {limit}")
                owner.execute("SELECT pg_reload_conf()")
                # The server tells its sessions in its own time: it counts from when one of them has read it.
                while owner.execute("SELECT pg_conf_load_time()").fetchone() == before:
                    time.sleep(0.01)
            else:
                owner.execute("SELECT inventory_core.set_tenant_limit(%s, %s)", (tenant, limit))
            self.limits.append((tenant, limit, sent, time.monotonic()))

    def forget(self):
        with self.server.connect(user=FORGETTER) as maintainer:
            maintainer.execute("""SELECT inventory_core.forget_items(%(tenant)s, ARRAY(
                SELECT item_id FROM inventory_core.inventory_items(%(tenant)s) WHERE policy_type = 'tmp' ORDER BY random() LIMIT 3))""",
                {"tenant": TENANTS[2]})

    def crash(self):
        with self.server.connect() as owner:
            self.deadlocks += deadlocks(owner)      # a crash forgets the statistics
            self.server.kill_a_backend(self.a_backend(owner))
        time.sleep(0.1)
        self.server.wait_until_ready()

    def restart(self):
        with self.server.connect() as owner:
            self.deadlocks += deadlocks(owner)
        self.server.stop("immediate")
        self.server.start()

    def history(self):
        """Also waits until every lease is over, and closes what is left."""
        time.sleep(max(LEASES) * 1.1 + 0.3)
        calls = [call for log in self.folder.glob("*.log") for call in calls_of(log)]
        with self.server.connect() as owner, self.server.connect(user=ROLE) as plain:
            for tenant in TENANTS:
                plain.execute("SELECT inventory_core.reap_expired_runs(%s)", (tenant,))
            return History(calls, tables_of(owner, plain, TENANTS, SELECTIONS), self.limits)

    def errors_of_clients(self):
        """What a client did not expect; killed ones have nothing to say."""
        return "".join(err.read_text() for err in sorted(self.folder.glob("*.err")))


def ticks(generator, since, until, mean):
    at = since
    while (at := at + generator.uniform(0.5, 1.5) * mean) < until - 1:
        yield at


@pytest.fixture(scope="module")
def stress(tmp_path_factory):
    print(f"\nSTRESS_SEED={SEED} STRESS_SECONDS={SECONDS:g}")
    folder = tmp_path_factory.mktemp("stress")
    with own_server() as server:
        stressed = Stress(server, folder)
        try:
            stressed.set_up()
            stressed.run()
            yield stressed
        finally:
            for client in stressed.clients:
                if client.poll() is None:
                    client.send_signal(signal.SIGKILL)
                    client.wait()
            if keep := os.environ.get("STRESS_KEEP"):
                shutil.copytree(folder, keep, dirs_exist_ok=True)
                shutil.copy(server.log, keep)
                Path(keep, "limits").write_text("\n".join(map(str, stressed.limits)))


@pytest.fixture(scope="module")
def history(stress):
    return stress.history()


@pytest.fixture(autouse=True)
def seed_of_a_failure(request):
    request.node.add_report_section("call", "seed", f"STRESS_SEED={SEED} STRESS_SECONDS={SECONDS:g}")


def test_promises_held(stress, history):
    assert stress.errors_of_clients() == ""
    assert list(stress_checker.faults(history)) == []


def test_no_deadlock(stress):
    with stress.server.connect() as owner:
        assert stress.deadlocks + deadlocks(owner) == 0
    assert "deadlock detected" not in stress.server.log.read_text()


def test_it_was_a_stress(stress, history):
    """Everything that was to happen did, so that the proofs are about something."""
    counted = stress_checker.outcomes(history)
    assert {"crash", "restart", "terminate_backend", "kill_client", "change_limit", "forget"} <= stress.done.keys()
    assert counted["start_run"].keys() >= {"running", "already_running", "tenant_limit", "global_limit", "unknown", "rolled back"}
    assert counted["upsert_items"].keys() >= {"acknowledged", "unknown", "rolled back", "55000"}
    assert any("lease_expired" in run.error_codes for run in history.tables.runs.values())
    assert any(history.tables.missing)


def test_all_capacity_is_back(stress, history):
    assert [r for r in history.tables.runs.values() if r.status == "running"] == []
    with stress.server.connect() as owner, stress.server.connect(user=ROLE) as plain:
        assert owner.execute("SELECT count(*) FROM inventory_core_internal.run_slots WHERE expires_at > clock_timestamp()").fetchone() == (0,)
        owner.execute(f"ALTER SYSTEM SET inventory_core.max_running_runs = {GLOBAL_LIMIT}")
        owner.execute("SELECT pg_reload_conf()")
        for tenant in TENANTS:
            owner.execute("SELECT inventory_core.set_tenant_limit(%s, NULL)", (tenant,))
        time.sleep(0.5)
        answers = [plain.execute("SELECT status, reason FROM inventory_core.start_run(%s, %s::jsonb, lease => '1 hour')",
                                 (TENANTS[n // 3], json.dumps({"after": n}))).fetchone() for n in range(9)]
    running, tenant_limit, global_limit = ("running", None), ("skipped", "tenant_limit"), ("skipped", "global_limit")
    assert answers == [running, running, tenant_limit, running, running, tenant_limit, running, global_limit, global_limit]


def test_figures(stress, history, capsys):
    """Says what was seen: `pytest -s` or not."""
    overlap, with_lapsed = (list(stress_checker.overlaps(history, with_lapsed=lapsed)) for lapsed in (False, True))
    of_tenant = list(stress_checker.tenant_overlaps(history))
    waits = Counter(re.findall(r'still waiting for .*\n.*\n.*CONTEXT: .* relation "(\w+)"', stress.server.log.read_text()))
    starts = [c for c in history.calls if c.function == "start_run"]
    slowest = sorted((c.replied - c.sent for c in starts if c.result), reverse=True)
    hasty = list(stress_checker.hasty_refusals(history))
    with capsys.disabled():
        print(f"\n  seed {SEED}, {SECONDS:g} s, {CLIENTS} clients ({stress.started} processes); done to them: {stress.done}")
        for function, counted in sorted(stress_checker.outcomes(history).items()):
            print(f"  {function}: {counted}")
        print(f"  runs {len(history.tables.runs)}, taken over "
              f"{sum('lease_expired' in r.error_codes for r in history.tables.runs.values())}, items {len(history.tables.items)}, "
              f"missing at the end {len(history.tables.missing)}")
        print(f"  together at a start: {max(n for _, n, _ in overlap)} over all (limit {GLOBAL_LIMIT}, changed 1 to 7; at most "
              f"{max(n - limit for _, n, limit in overlap):+} beyond; with runs whose lease had lapsed before "
              f"{max(n - limit for _, n, limit in with_lapsed):+}), "
              f"{max(n for _, n, _ in of_tenant)} of a tenant (limit {TENANT_LIMIT}, changed 0 to 4; "
              f"{max(n - limit for _, n, limit in of_tenant):+})")
        print(f"  start_run: {len(starts) / SECONDS:.0f} answers a second, median {slowest[len(slowest) // 2] * 1000:.0f} ms, "
              f"slowest {slowest[0] * 1000:.0f} ms; refused already_running for no visible reason: {len(hasty)}")
        print(f"  waits of more than 200 ms in the server, by table: {dict(waits)}")
