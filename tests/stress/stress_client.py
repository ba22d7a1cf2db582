"""One client of the stress test, a process of its own: `stress_client.py JSON`.

It starts runs, writes batches, finishes, and at times forgets to; it may be killed at any moment. Before each call and after
each reply a line goes to its log, by one write(2): so the log never claims more than happened, and holds all that was acknowledged.
"""

import json
import os
import random
import sys
import time
import uuid
from datetime import timedelta

import psycopg
from psycopg.rows import dict_row

CALLS = {
    "start_run": """SELECT run_id::text, status, reason, blocking_run_id::text, retry_after
        FROM inventory_core.start_run(%(tenant)s, %(selection)s::jsonb, request_id => %(request_id)s::uuid,
            lease => %(lease)s::interval, min_age => %(min_age)s::interval, scope => %(scope)s)""",
    "upsert_items": "SELECT * FROM inventory_core.upsert_items(%(tenant)s, %(run)s::uuid, %(items)s::json, %(on_bad_item)s)",
    "heartbeat": "SELECT extract(epoch FROM inventory_core.heartbeat(%(tenant)s, %(run)s::uuid))::float8 AS lease_end",
    "record_error": """SELECT inventory_core.record_error(%(tenant)s, %(run)s::uuid, http_status => 500,
        message => 'internal error', policy_type => 't1')::text""",
    "record_throttle": """SELECT inventory_core.record_throttle(%(tenant)s, %(run)s::uuid, 429, scope => %(scope)s) AS wait""",
    "finish_run": """SELECT status, observed_count, inserted_count, updated_count, unchanged_count, run_seq
        FROM inventory_core.finish_run(%(tenant)s, %(run)s::uuid, %(status)s, %(expected_items)s::bigint)""",
    "reap_expired_runs": "SELECT inventory_core.reap_expired_runs(%(tenant)s) AS reaped",
    "running": """SELECT array_agg(running_run_id::text) AS runs FROM inventory_core.inventory_selections(%(tenant)s)
        WHERE running_run_id IS NOT NULL""",
    "status": """SELECT known_items, observed_items, missing_items FROM inventory_core.selection_status(%(tenant)s,
        inventory_core.selection_hash(%(selection)s::jsonb))""",
}
BAD_ITEM = {"policy_type": "t1"}


class Lost(Exception):
    """The connection is gone; what was in the middle may have happened or not."""


class Refused(Exception):
    """The server said no; the transaction is rolled back."""


def keys_of(tenant, selection, age):
    """The universe of a selection: it overlaps its neighbours', and grows with time. Only `tmp` items are ever forgotten."""
    low = selection * 8
    keys = [(f"t{n % 3}", f"item-{n}") for n in range(low, low + 24 + int(age * 2))]
    return keys + [("tmp", f"tmp-{n}") for n in range(6)] if tenant.endswith("forgetful") else keys


class Client:
    def __init__(self, dsn, log, name, seed, until, since, tenants, selections, leases):
        self.dsn, self.name, self.until, self.since = dsn, name, until, since
        self.tenants, self.selections, self.leases = tenants, selections, leases
        self.random = random.Random(seed)
        self.log_file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self.transactions = 0
        self.connection = None
        self.run = None             # (tenant, selection, run_id, status to finish with)
        self.unanswered = None      # arguments of a start whose reply was lost

    def log(self, kind, **event):
        event = {"kind": kind, "tx": f"{self.name}.{self.transactions}", "at": time.monotonic(), **event}
        os.write(self.log_file, json.dumps(event, default=in_seconds).encode() + b"\n")

    def connect(self):
        while time.monotonic() < self.until:
            try:
                self.connection = psycopg.connect(self.dsn, autocommit=True, row_factory=dict_row, prepare_threshold=None,
                                                  connect_timeout=10)
                return
            except psycopg.OperationalError:        # starting up, or not there
                time.sleep(0.05)

    def transaction(self, *calls, auto=True, end="commit", idle=0.0):
        """Makes the calls, as one statement of its own or between BEGIN and the end. Returns the last result."""
        self.transactions += 1
        if not auto:
            self.statement("BEGIN")
        row = None
        for function, args in calls:
            self.log("call", auto=auto, function=function, args=args)
            try:
                row = self.connection.execute(CALLS[function], as_parameters(args)).fetchone()
            except psycopg.Error as error:
                self.log("error", sqlstate=error.sqlstate, lost=self.is_lost(error), message=str(error)[:300])
                if self.is_lost(error):
                    raise Lost from error
                if not auto:
                    self.statement("ROLLBACK")
                raise Refused(error.sqlstate) from error
            self.log("reply", result=row)
        if not auto:
            time.sleep(idle)
            self.log("end", how=end)
            self.statement(end.upper())
            self.log("ended", how=end)
        return row

    def statement(self, text):
        try:
            assert self.connection.execute(text).statusmessage == text
        except psycopg.Error as error:
            if not self.is_lost(error):
                self.log("error", sqlstate=error.sqlstate, lost=False, message=str(error)[:300])
            raise Lost from error

    def is_lost(self, error):
        # FATAL may also come after the commit, before its reply
        return self.connection.closed or error.sqlstate is None or error.sqlstate.startswith(("57P", "08"))

    def chance(self, probability):
        return self.random.random() < probability

    def open_transaction(self):
        """How a transaction of several statements goes on and ends."""
        idle = self.random.uniform(1, 4) if self.chance(0.03) else self.random.uniform(0, 0.1)
        return {"auto": False, "end": "rollback" if self.chance(0.3) else "commit", "idle": idle}

    def start(self):
        tenant, selection = self.random.choice(self.tenants), self.random.randrange(self.selections)
        args = self.unanswered or {
            "tenant": tenant, "selection": {"s": selection}, "scope": f"s{selection}",
            "request_id": str(uuid.UUID(int=self.random.getrandbits(128))) if self.chance(0.7) else None,
            "lease": self.random.choice(self.leases), "min_age": 0.3 if self.chance(0.1) else None}
        self.unanswered = args if args["request_id"] else None
        status = self.random.choice(["success", "success", "partial", "failed"])
        how = self.open_transaction() if self.chance(0.15) else {}
        if self.chance(0.01):       # committed after its lease has ended
            how = {"auto": False, "end": "commit", "idle": self.random.uniform(2, 4)}
        row = self.transaction(("start_run", args), **how)
        self.unanswered = None
        if row["run_id"] is None:
            time.sleep(self.random.uniform(0, 0.06))
        elif how.get("end") != "rollback" and row["status"] == "running":
            self.run = (args["tenant"], args["selection"]["s"], row["run_id"], status)

    def batch(self, tenant, selection, run):
        age = time.monotonic() - self.since
        keys = keys_of(tenant, selection, age)
        items = []
        for policy_type, external_id in self.random.sample(keys, self.random.randint(1, 15)):
            items.append({"policy_type": policy_type, "external_id": external_id})
            if self.chance(0.3):
                items[-1]["display_name"] = f"name {self.random.randrange(6)}"
            if self.chance(0.1):
                items[-1]["meta"] = {"owner": self.random.randrange(3), "secret": 1}
        on_bad_item = "record" if self.chance(0.3) else "reject_batch"
        if self.chance(0.05):
            items.append(BAD_ITEM)
        return "upsert_items", {"tenant": tenant, "run": run, "items": items, "on_bad_item": on_bad_item}

    def visit(self):
        """Writes into, or ends, a run that another client has started."""
        tenant = self.random.choice(self.tenants)
        runs = self.transaction(("running", {"tenant": tenant}))["runs"]
        if runs:
            run = (tenant, self.random.randrange(self.selections), self.random.choice(runs))
            if self.chance(0.15):
                self.finish(*run, self.random.choice(["success", "failed"]))
            else:
                self.transaction(self.batch(*run), **(self.open_transaction() if self.chance(0.3) else {}))

    def finish(self, tenant, _, run, status):
        args = {"tenant": tenant, "run": run, "status": status, "expected_items": self.random.choice([None, None, 3, 1000])}
        how = {**self.open_transaction()} if self.chance(0.15) else {}
        self.transaction(("finish_run", args), **how)
        return how.get("end") != "rollback"

    def drive(self):
        """One step of the run of this client."""
        tenant, selection, run, status = self.run
        call = {"tenant": tenant, "run": run}
        chance = self.random.random()
        if chance < 0.50:
            self.transaction(self.batch(tenant, selection, run))
        elif chance < 0.60:
            self.transaction(self.batch(tenant, selection, run), **self.open_transaction())
        elif chance < 0.70:
            self.transaction(("heartbeat", call))
        elif chance < 0.73:
            self.transaction(("record_error", call))
        elif chance < 0.74:
            self.transaction(("record_throttle", {**call, "scope": f"s{selection}"}))
        elif chance < 0.76:
            time.sleep(self.random.uniform(0.3, 1.2) * max(self.leases))        # the lease may run out
        elif chance < 0.78:
            self.run = None                                                     # forgotten; somebody takes over
        elif chance < 0.80:
            time.sleep(self.random.uniform(0, 0.2))
        elif self.finish(tenant, selection, run, status):
            self.run = None

    def step(self):
        if self.run and not self.chance(0.05):
            self.drive()
        elif self.unanswered or self.chance(0.80):
            self.start()
        elif self.chance(0.5):
            self.visit()
        else:
            tenant = self.random.choice(self.tenants)
            if self.chance(0.5):
                self.transaction(("reap_expired_runs", {"tenant": tenant}))
            else:
                self.transaction(("status", {"tenant": tenant, "selection": {"s": self.random.randrange(self.selections)}}))

    def work(self):
        self.connect()
        while time.monotonic() < self.until:
            try:
                self.step()
            except Lost:
                self.connection.close()
                self.connect()
            except Refused as refused:
                if str(refused) == "55000":
                    self.run = None


def as_parameters(args):
    return {name: json.dumps(value) if isinstance(value, (dict, list)) else
            timedelta(seconds=value) if name in ("lease", "min_age") and value is not None else value
            for name, value in args.items()}


def in_seconds(value):
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(type(value))


if __name__ == "__main__":
    Client(**json.loads(sys.argv[1])).work()
