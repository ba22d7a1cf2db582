"""Calls that are transactions of their own never end in a deadlock, though the tenant is forgotten again and again."""

import json
import random
import threading
import time
from collections import Counter

import psycopg

from stress_server import shared_database

SECONDS, CLIENTS, SELECTIONS = 10, 6, 4
TENANT = "forgotten"
# The run is over, or gone.
EXPECTED = {"55000", "P0002"}
CALLS = {
    "upsert_items": "SELECT inventory_core.upsert_items(%(tenant)s, %(run)s, %(items)s, 'record')",
    "record_error": "SELECT inventory_core.record_error(%(tenant)s, %(run)s, 'timeout')",
    "heartbeat": "SELECT inventory_core.heartbeat(%(tenant)s, %(run)s)",
    "finish_run": "SELECT inventory_core.finish_run(%(tenant)s, %(run)s)",
    "forget_items": "SELECT inventory_core.forget_items(%(tenant)s, '{1,2,3}')",
    "prune_runs": "SELECT inventory_core.prune_runs(%(tenant)s, '0', 1)",
    "reap_expired_runs": "SELECT inventory_core.reap_expired_runs(%(tenant)s)",
    "maintain": "CALL inventory_core.maintain('0', 1)",
    "forget_tenant": "SELECT inventory_core.forget_tenant(%(tenant)s)",
}
OFTEN = [12, 1, 1, 3, 1, 1, 1, 1, 1]


class Client(threading.Thread):
    def __init__(self, database, until):
        super().__init__(daemon=True)
        self.database, self.until, self.run_id = database, until, None
        self.counted, self.unexpected = Counter(), []

    def run(self):
        with psycopg.connect(dbname=self.database, user=self.database, autocommit=True) as connection:
            while time.monotonic() < self.until:
                self.call(connection, "start_run", "SELECT run_id FROM inventory_core.start_run(%(tenant)s, %(selection)s, lease => '200ms')")
                for call in random.choices(list(CALLS), OFTEN, k=8):
                    self.call(connection, call, CALLS[call])

    def call(self, connection, name, statement):
        items = [{"policy_type": "t", "external_id": str(random.randrange(2000))} for _ in range(50)] + [{"policy_type": "bad"}]
        parameters = {"tenant": TENANT, "selection": json.dumps({"n": random.randrange(SELECTIONS)}),
                      "items": json.dumps(items), "run": self.run_id or "00000000-0000-4000-8000-000000000000"}
        try:
            row = connection.execute(statement, parameters)
            if name == "start_run":
                self.run_id = row.fetchone()[0] or self.run_id
            self.counted[name] += 1
        except psycopg.Error as error:
            if error.sqlstate not in EXPECTED or name == "maintain":
                self.unexpected.append(f"{name}: {error.sqlstate} {error}")


def test_no_deadlock_of_lone_calls(capsys):
    with shared_database(["*"], "maintainer", max_running_runs=-1, max_running_runs_per_tenant=-1) as (name, _):
        clients = [Client(name, time.monotonic() + SECONDS) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    counted = sum((client.counted for client in clients), Counter())
    with capsys.disabled():
        print(f"\n  {dict(counted)}", end="")
    assert [told for client in clients for told in client.unexpected] == []
    assert counted.keys() == {"start_run", *CALLS}
