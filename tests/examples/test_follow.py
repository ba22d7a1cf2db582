"""The example that follows the feed: however often it is killed, in the end its copy is what is present in each selection.

KILLS (8) times, at random moments; FOLLOW_SEED picks them again as far as a clock can.
"""

import json
import os
import random
import subprocess
import sys
import threading
import time

import psycopg
import pytest
from psycopg import sql

import inventory
from syncers import EXAMPLES, PATIENCE, environment

KILLS = int(os.environ.get("KILLS", 8))
SEED = int(os.environ.get("FOLLOW_SEED", random.SystemRandom().randrange(10**6)))
FOLLOW = EXAMPLES / "feed" / "follow.py"
COPY = """
SELECT selection_hash, item_id, policy_type, external_id, display_name FROM inventory_copy
WHERE tenant = %s AND present ORDER BY 1, 2"""
POSITION = "SELECT change_id FROM inventory_copy_position WHERE tenant = %s"
PRESENT = """
SELECT s.selection_hash, p.* FROM inventory_core.inventory_selections(%s) AS s,
       inventory_core.present_items(%s, s.selection_hash) AS p ORDER BY 1, 2"""


def make_tables(name):
    """In a schema of the role."""
    with psycopg.connect(dbname=name) as owner:
        owner.execute(sql.SQL("CREATE SCHEMA {0} AUTHORIZATION {0}").format(sql.Identifier(name)))
    with psycopg.connect(dbname=name, user=name) as role:
        role.execute((EXAMPLES / "feed" / "tables.sql").read_text("utf-8"))


@pytest.fixture(scope="module")
def elsewhere():
    """Another database for the copy, and a role that only reads the inventory."""
    with inventory.database("elsewhere") as name:
        make_tables(name)
        yield name


@pytest.fixture(scope="module")
def place(elsewhere):
    """A maintainer's database with the tables of the copy."""
    with inventory.database("follow") as name:
        make_tables(name)
        with psycopg.connect(dbname=name) as owner:
            owner.execute("SELECT inventory_core.grant_access(%s::regrole, '*', 'maintainer')", (name,))
            owner.execute("SELECT inventory_core.grant_access(%s::regrole, '*', 'reader')", (elsewhere,))
        yield name


def start(place, port, tenant, **settings):
    return subprocess.Popen([sys.executable, "-B", FOLLOW], env=environment(place, port, "", tenant, **settings),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")


def catch_up(place, port, tenant, **settings):
    """What it printed."""
    follower = start(place, port, tenant, **settings)
    out, err = follower.communicate(timeout=PATIENCE)
    assert (follower.returncode, err) == (0, "")
    return out


def copy(place, tenant):
    return inventory.ask(place, COPY, tenant)


def present(place, tenant):
    return inventory.ask(place, PRESENT, tenant, tenant)


class Syncs(threading.Thread):
    """Runs of all kinds and ends on a selection of its own, and now and then upkeep, until it is told to stop."""

    one_keeps_up = threading.Lock()      # or an item that one renames is forgotten by the other

    def __init__(self, database, tenant, number):
        super().__init__(daemon=True)
        self.db = psycopg.connect(dbname=database, user=database, autocommit=True)
        self.tenant, self.random, self.error = tenant, random.Random(f"{SEED} {number}"), None
        self.selection = {"number": number}
        self.runs, self.upkeep, self.stop = 0, 0, threading.Event()

    def ask(self, function, *args, **named):
        """The first column of the one row."""
        call = ", ".join(["%s"] * (1 + len(args)) + [f"{name} => %s" for name in named])
        return self.db.execute(f"SELECT * FROM inventory_core.{function}({call})",
                               (self.tenant, *args, *named.values())).fetchone()[0]

    def hash(self):
        return self.db.execute("SELECT inventory_core.selection_hash(%s)", (json.dumps(self.selection),)).fetchone()[0]

    def sync(self, mode="full"):
        try:
            run = self.ask("start_run", json.dumps(self.selection), mode=mode)
        except psycopg.errors.InvalidParameterValue:
            mode, run = "full", self.ask("start_run", json.dumps(self.selection))
        items = [{"policy_type": self.random.choice("ab"), "external_id": str(number), "display_name": f"{self.random.randrange(2)}"}
                 for number in self.random.sample(range(60), 40 if mode == "full" else 8)]
        if mode == "delta":
            self.ask("remove_items", run, json.dumps(items[4:]))
            items = items[:4]
        for batch in (items[::2], items[1::2]):
            self.ask("upsert_items", run, json.dumps(batch))
        end = self.random.choice(["success", "success", "success", "partial", "failed"])
        self.ask("finish_run", run, end, cursor="token", accept_shrink=True)
        self.runs += 1

    def keep_up(self):
        what = self.random.choice(["rename", "forget missing", "replace", "forget selection"])
        if what == "rename":
            self.db.execute("SELECT inventory_core.rename_item(%s, item_id, %s, %s) FROM inventory_core.present_items(%s, %s) LIMIT 1",
                            (self.tenant, self.random.choice("ab"), f"{self.selection} {self.upkeep}", self.tenant, self.hash()))
        elif what == "forget missing":
            self.ask("forget_missing", self.hash(), 1, "0", False)
        elif what == "replace":
            replaced, self.selection = self.hash(), {**self.selection, "turn": self.upkeep}
            self.ask("replace_selection", replaced, json.dumps(self.selection))
        else:
            self.ask("forget_selection", self.hash())
            self.sync()
        self.upkeep += 1

    def run(self):
        try:
            while not self.stop.is_set():
                self.sync(self.random.choice(["full", "delta"]))
                if self.random.random() < 0.1:
                    self.ask("prune_runs", "0", 2)
                if self.random.random() < 0.2:
                    with self.one_keeps_up:
                        self.keep_up()
        except Exception as error:  # noqa: BLE001     the test raises it
            self.error = error


def test_killed_at_random(place, cluster_port):
    tenant, kills = f"killed {SEED}", random.Random(SEED)
    syncs = [Syncs(place, tenant, number) for number in range(2)]
    for thread in syncs:
        thread.start()
    places = set()
    for _ in range(KILLS):
        follower = start(place, cluster_port, tenant, POLL_SECONDS=0.01, MAX_CHANGES=7)
        time.sleep(kills.uniform(0.2, 1.2))
        assert follower.poll() is None, follower.communicate()
        follower.kill()
        follower.communicate()
        places |= {row["change_id"] for row in inventory.ask(place, POSITION, tenant)}
    for thread in syncs:
        thread.stop.set()
        thread.join()
        thread.db.close()
        if thread.error:
            raise AssertionError(f"seed {SEED}") from thread.error
    catch_up(place, cluster_port, tenant, MAX_CHANGES=7)
    assert copy(place, tenant) == present(place, tenant) != [], f"seed {SEED}"
    assert len(places) > 1 and all(thread.runs > KILLS and thread.upkeep for thread in syncs), f"seed {SEED}"


def test_begins_anew_where_changes_were_pruned(place, cluster_port):
    tenant = "pruned"
    syncs = Syncs(place, tenant, 1)
    syncs.sync()
    assert catch_up(place, cluster_port, tenant) == ""
    for _ in range(20):
        syncs.sync()
    assert syncs.ask("prune_runs", "0", 1) > 0
    assert copy(place, tenant) != present(place, tenant)
    assert catch_up(place, cluster_port, tenant) == "beginning anew\n"
    assert copy(place, tenant) == present(place, tenant)
    syncs.sync()
    assert catch_up(place, cluster_port, tenant) == ""
    assert copy(place, tenant) == present(place, tenant)


@pytest.mark.parametrize("runs_before, runs_after", [(0, 0), (2, 2)])
def test_a_selection_is_replaced(place, cluster_port, runs_before, runs_after):
    tenant = f"replaced {runs_before}"
    syncs = Syncs(place, tenant, 2)
    syncs.sync()
    catch_up(place, cluster_port, tenant)
    for _ in range(runs_before):
        syncs.sync()
    replaced, syncs.selection = syncs.hash(), {"replaced": True}
    syncs.ask("replace_selection", replaced, json.dumps(syncs.selection))
    for _ in range(runs_after):
        syncs.sync("delta")
    catch_up(place, cluster_port, tenant, MAX_CHANGES=1)
    assert copy(place, tenant) == present(place, tenant) != []


def test_a_reader_with_its_copy_in_another_database(place, elsewhere, cluster_port):
    tenant = "elsewhere"
    syncs = Syncs(place, tenant, 3)
    as_reader = {"PGUSER": elsewhere, "COPY_URL": f"dbname={elsewhere}"}
    for _ in range(3):
        syncs.sync()
        assert catch_up(place, cluster_port, tenant, **as_reader) == ""
        assert copy(elsewhere, tenant) == present(place, tenant) != []
    for _ in range(20):
        syncs.sync()
    assert syncs.ask("prune_runs", "0", 1) > 0
    assert catch_up(place, cluster_port, tenant, **as_reader) == "beginning anew\n"
    assert copy(elsewhere, tenant) == present(place, tenant)
    assert copy(place, tenant) == []


def test_short():
    lines = FOLLOW.read_text("utf-8").splitlines()
    assert len(lines) < 120 and [line for line in lines if len(line) > 130] == []
