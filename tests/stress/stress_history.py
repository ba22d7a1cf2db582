"""What happened: the logs of the clients, read into transactions, and the tables as they stand at the end."""

import json
import math
from dataclasses import dataclass, field

COMMITTED, ROLLED_BACK, UNKNOWN = "committed", "rolled back", "unknown"


@dataclass
class Call:
    function: str
    args: dict
    sent: float
    replied: float = math.inf
    result: dict | None = None
    sqlstate: str | None = None
    message: str = ""
    outcome: str = UNKNOWN          # of its transaction
    ended: float = math.inf         # when the client knew that
    transaction: str = ""
    is_repeated: bool = False       # a start whose request_id was sent before: it may only tell of the run that is there

    @property
    def run(self):
        return (self.result or {}).get("run_id") if self.function == "start_run" else self.args.get("run")

    @property
    def may_count(self):
        return self.outcome != ROLLED_BACK

    @property
    def counts(self):
        return self.outcome == COMMITTED and self.result is not None


@dataclass
class Run:
    """A run as the tables show it at the end. Times of the server are in seconds."""
    tenant: str
    run_id: str
    selection: int
    run_seq: int
    status: str
    started_at: float
    finished_at: float | None
    lease: float
    request_id: str | None
    observed: int
    inserted: int
    updated: int
    unchanged: int
    error_codes: tuple


@dataclass
class Tables:
    runs: dict = field(default_factory=dict)        # run_id -> Run
    items: dict = field(default_factory=dict)       # (tenant, policy_type, external_id) -> display_name
    seen: dict = field(default_factory=dict)        # (tenant, selection, policy_type, external_id) -> run_seq of the run that last saw it
    missing: set = field(default_factory=set)       # (tenant, selection, policy_type, external_id)

    def completed(self, tenant, selection):
        return sorted((r for r in self.runs.values() if (r.tenant, r.selection) == (tenant, selection) and r.status != "running"),
                      key=lambda r: r.run_seq)


@dataclass
class History:
    calls: list                     # every Call
    tables: Tables
    limits: list = field(default_factory=list)      # (tenant or None for the global one, limit, sent, answered)

    def __post_init__(self):
        self.calls.sort(key=lambda call: call.sent)
        requests = set()
        for call in self.calls:
            request = call.args.get("request_id")
            call.is_repeated = request in requests
            requests |= {request} - {None}

    def of_run(self, function=None):
        """run_id -> the calls about it, in the order sent."""
        calls = {}
        for call in self.calls:
            if call.run and function in (None, call.function):
                calls.setdefault(call.run, []).append(call)
        return calls


def calls_of(path):
    """The calls of one client's log. A transaction without an end in the log was cut off: what was not sent to commit is rolled
    back; what was, nobody knows."""
    transactions = {}
    with open(path, encoding="utf-8") as log:
        for line in log:
            event = json.loads(line)
            transactions.setdefault(event["tx"], []).append(event)
    return [call for name, events in transactions.items() for call in calls_of_transaction(name, events)]


def calls_of_transaction(name, events):
    calls, outcome, ended = [], ROLLED_BACK, math.inf
    for event in events:
        kind, at = event["kind"], event["at"]
        if kind == "call":
            calls.append(Call(event["function"], event["args"], at, transaction=name))
            if event["auto"]:
                outcome = UNKNOWN
        elif kind == "reply":
            calls[-1].replied, calls[-1].result = at, event["result"]
            if outcome == UNKNOWN:
                outcome, ended = COMMITTED, at
        elif kind == "error":
            if calls:
                calls[-1].replied, calls[-1].sqlstate, calls[-1].message = at, event["sqlstate"], event["message"]
            if not event["lost"]:
                outcome, ended = ROLLED_BACK, at
        elif kind == "end":
            outcome = UNKNOWN if event["how"] == "commit" else ROLLED_BACK
        elif kind == "ended":
            outcome, ended = COMMITTED if event["how"] == "commit" else ROLLED_BACK, at
    for call in calls:
        call.outcome, call.ended = outcome, ended
    return calls


RUNS = """
    SELECT r.tenant_id, r.run_id::text, (s.selection ->> 's')::integer, r.run_seq, r.status,
           extract(epoch FROM r.started_at)::float8, extract(epoch FROM r.finished_at)::float8,
           extract(epoch FROM r.lease)::float8, r.request_id::text,
           r.observed_count, r.inserted_count, r.updated_count, r.unchanged_count,
           ARRAY(SELECT e.error_code FROM inventory_core_internal.sync_errors AS e
                 WHERE e.tenant_id = r.tenant_id AND e.run_id = r.run_id ORDER BY e.error_no)
    FROM inventory_core_internal.sync_runs AS r JOIN inventory_core_internal.selections AS s USING (tenant_id, selection_hash)
    ORDER BY r.tenant_id, 3, r.run_seq"""
SEEN = """
    SELECT i.policy_type, i.external_id, max(e.run_seq)
    FROM inventory_core.inventory_items(%(tenant)s) AS i,
         inventory_core.explain_missing(%(tenant)s, inventory_core.selection_hash(%(selection)s::jsonb),
                                        i.policy_type, i.external_id) AS e
    WHERE e.verdict = 'seen' GROUP BY 1, 2"""
MISSING = """
    SELECT policy_type, external_id
    FROM inventory_core.missing_items(%(tenant)s, inventory_core.selection_hash(%(selection)s::jsonb))"""
ITEMS = "SELECT policy_type, external_id, display_name FROM inventory_core.inventory_items(%(tenant)s)"


def tables_of(superuser, plain, tenants, selections):
    """Runs as they are stored; everything else as a plain role is answered."""
    tables = Tables()
    for row in superuser.execute(RUNS):
        run = Run(*row[:-1], tuple(row[-1]))
        tables.runs[run.run_id] = run
    for tenant in tenants:
        for policy_type, external_id, name in plain.execute(ITEMS, {"tenant": tenant}):
            tables.items[tenant, policy_type, external_id] = name
        for selection in range(selections):
            args = {"tenant": tenant, "selection": json.dumps({"s": selection})}
            for policy_type, external_id, run_seq in plain.execute(SEEN, args):
                tables.seen[tenant, selection, policy_type, external_id] = run_seq
            tables.missing |= {(tenant, selection, *key) for key in plain.execute(MISSING, args)}
    return tables
