"""Random histories: an endless supply of steps, the same ones for the same seed.

A step is plain data (who, what, with which arguments), so that a history can be printed, cut shorter and
played again. The generator looks at the model only to choose steps that are likely to matter.
"""

import random
import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from contract import selection_hash

TENANTS = ("acme", "Globex & Söhne")
POLICY_TYPES = ("app", "device policy", "Größe", "compliance")

# Both tenants use these very keys, and every type has the same external ids.
UNIVERSE = [(POLICY_TYPES[number % 4], f"id-{number // 4}") for number in range(36)] + [
    ("app", "x" * 2048), ("app", "ÄÖ \"quoted\" 'id'\n"), ("Größe", "*"), ("compliance", "/subscriptions/1?a=b")]

# Three selections whose items overlap; a run now and then sees an item outside its own.
SELECTIONS = (
    {"scope": "left", "types": ["app", "compliance", "device policy"]},
    {"scope": "right", "types": ["b", "a", "a"], "filter": {"os": "linux", "max": 10}},
    {"scope": "half"},
    {"scope": "spare"},        # seldom started: mostly what another one is replaced by
)
POOLS = (UNIVERSE[:28], UNIVERSE[12:], UNIVERSE[::2], UNIVERSE[6:30])
STALE = timedelta(seconds=605)
HASHES = tuple(selection_hash(selection) for selection in SELECTIONS)

ALLOWED_META = {"*": {"os", "tags"}, "app": {"owner"}}
NAMES = (None, "", "A", "Ünïcode", "y" * 1003)
METAS = (None, {}, {"os": "linux"}, {"os": "windows", "owner": None}, {"tags": ["b", "a"]}, {"tags": ["a", "b"]},
         {"os": {"name": "linux", "v": 1.5}, "secret": "s"}, {"secret": 1, "owner": "me"})
BAD_ITEMS = (
    {"external_id": "no type"}, {"policy_type": "", "external_id": "empty type"}, {"policy_type": "app"},
    {"policy_type": "app", "external_id": ""}, {"policy_type": 5, "external_id": "number"},
    {"policy_type": "Größe", "external_id": "z" * 2049}, {"policy_type": "app", "external_id": 1},
    {"policy_type": "compliance", "external_id": ""}, {"policy_type": "device policy", "external_id": None}, {"policy_type": "new type", "external_id": "a\0b"},
    {"policy_type": "compliance", "external_id": "i", "display_name": 7},
    {"policy_type": "t" * 201, "external_id": "i"},
    {"policy_type": "app", "external_id": "i", "meta": ["a"]}, {"policy_type": "app", "external_id": "i", "name": "n"},
    [{"policy_type": "app", "external_id": "nested"}], "text", 3, None,
)
# What a run is started for, when not for everything; the last two are refused.
STARTED_FOR = (("app",), ("app", "device policy", "compliance"), ("Größe", "app", "app"), ("never seen", "Größe"),
               ("compliance", "device policy"), (), ("app", None))
# Recorded by a caller: codes that we record too, and one that nobody knows, among them.
OWN_ERROR_CODES = ("timeout", "network", "throttled", "timeout", "network", "throttled", "E_VENDOR", "E_VENDOR",
                   "shrink_guard", "item_rejected", "lease_expired")
# Calls that are wrong whatever the state: the statement and its SQLSTATE.
NONSENSE = (
    ("SELECT inventory_core.start_run(%(tenant)s, NULL)", "22004"),
    ("SELECT inventory_core.heartbeat(%(tenant)s, NULL)", "22004"),
    ("SELECT inventory_core.upsert_items(%(tenant)s, gen_random_uuid(), NULL)", "22004"),
    ("SELECT inventory_core.missing_items(%(tenant)s, 'ABC')", "22023"),
    ("SELECT inventory_core.missing_items(%(tenant)s, repeat('a', 64), 'newest')", "22023"),
    ("SELECT inventory_core.missing_items(%(tenant)s, repeat('a', 64))", "P0002"),
    ("SELECT inventory_core.missing_summary(%(tenant)s, repeat('a', 64), 'latest_clean')", "P0002"),
    ("SELECT inventory_core.explain_missing(%(tenant)s, repeat('a', 64), 'app', 'id-1')", "P0002"),
    ("SELECT inventory_core.type_counts(%(tenant)s, repeat('a', 64))", "P0002"),
    ("SELECT inventory_core.forget_missing(%(tenant)s, repeat('a', 64), 0, '0')", "P0002"),
    ("SELECT inventory_core.present_items(%(tenant)s, repeat('a', 64))", "P0002"),
    ("SELECT inventory_core.stale_selections('-1 day', %(tenant)s)", "22023"),
    ("SELECT inventory_core.rename_item(%(tenant)s, NULL, 'app', 'id-1')", "22004"),
    ("SELECT inventory_core.missing_items(NULL, repeat('a', 64))", "22004"),
    ("SELECT inventory_core.reap_expired_runs('*')", "22023"),
    ("SELECT inventory_core.reap_expired_runs('nobody granted this')", "42501"),
)

WEIGHTS = {
    "start_run": 24, "upsert_items": 36, "remove_items": 9, "heartbeat": 2, "record_error": 6, "finish_run": 27, "repeat_finish": 2,
    "late_call": 4, "lost_run": 3, "reap_expired_runs": 3, "forget_items": 3, "forget_missing": 6, "prune_runs": 5,
    "forget_tenant": 1, "follow": 4, "rename_item": 4, "replace_selection": 1, "forget_selection": 1, "forget_orphans": 2,
    "set_clock": 10, "nonsense": 2, "begin": 4, "savepoint": 5, "rollback_to": 5, "rollback": 2, "commit": 4,
}

REPEATED = re.compile(r"(.)\1{30,}")       # the ids that are long on purpose


@dataclass(frozen=True)
class Step:
    tenant: str
    kind: str                 # the SQL function, or a statement of the transaction
    args: dict

    def __str__(self):
        shown = ", ".join(f"{key}={value if isinstance(value, datetime) else repr(value)}"
                          for key, value in self.args.items())
        return REPEATED.sub(r"\1…", f"{self.tenant}: {self.kind}({shown})")


class History:
    """`models` are the model tenants that the steps are applied to, one after the other."""

    def __init__(self, seed, models, without=()):
        self.rng = random.Random(seed)
        self.models = models
        self.without = without          # kinds of steps that the database cannot do (yet)
        self.names = 0
        self.sent = {}                  # run name -> batches sent into it, to be sent again
        self.requests = []              # (tenant, selection, request_id)

    def next_step(self):
        while True:
            tenant = self.models[self.rng.choice(TENANTS)]
            kind = self.rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            step = None if kind in self.without else getattr(self, kind)(tenant)
            if step is not None:
                kind, args = step
                return Step(tenant.name, kind, args)

    # ---- helpers --------------------------------------------------------------------------------------

    def chance(self, probability):
        return self.rng.random() < probability

    def pick(self, runs):
        return self.rng.choice(runs) if runs else None

    @staticmethod
    def running(tenant):
        return [run for run in tenant.runs if not run.completed]

    def spelled_differently(self, value):
        """The same selection in another order of keys and elements."""
        if isinstance(value, dict):
            keys = self.rng.sample(list(value), len(value))
            return {key: self.spelled_differently(value[key]) for key in keys}
        if isinstance(value, list):
            return self.rng.sample(value, len(value))
        return value

    # ---- runs -----------------------------------------------------------------------------------------

    def start_run(self, tenant):
        self.names += 1
        selection = self.spelled_differently(self.rng.choices(SELECTIONS, (8, 8, 8, 3))[0])
        request = None
        mine = [request for name, request in self.requests[-12:] if name == tenant.name]
        if mine and self.chance(0.1):
            selection, request = self.rng.choice(mine)
        elif self.chance(0.5):
            request = str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
            self.requests.append((tenant.name, (selection, request)))
        # odd seconds beside a clock that moves by tens: nothing ever expires in this very instant
        lease = timedelta(seconds=self.rng.choice((65, 245))) if self.chance(0.5) else None
        min_age = timedelta(seconds=self.rng.choice((35, 605, 3605, 36005))) if self.chance(0.2) else None
        return "start_run", {
            "name": f"r{self.names}", "selection": selection, "request_id": request, "lease": lease,
            "min_age": min_age, "correlation_id": self.rng.choice((None, "nightly", "sync-7")),
            **self.kind_of_run()}

    def kind_of_run(self):
        kind = self.rng.random()
        return {"mode": "delta" if kind < 0.2 else "full",
                "policy_types": self.rng.choice(STARTED_FOR) if 0.19 < kind < 0.4 else None}

    def heartbeat(self, tenant):
        run = self.pick(self.running(tenant))
        return run and ("heartbeat", {"run": run.name})

    def record_error(self, tenant):
        run = self.pick(self.running(tenant))
        return run and ("record_error", {
            "run": run.name, "message": self.rng.choice((None, "it broke")),
            **self.rng.choice(({"error_code": None, "http_status": self.rng.choice((401, 403, 404, 429, 503))},
                               {"error_code": self.rng.choice(OWN_ERROR_CODES),
                                "http_status": self.rng.choice((None, 429, 500))})),
            "policy_type": self.rng.choice((None, *POLICY_TYPES, *POLICY_TYPES, *POLICY_TYPES, "never seen"))})

    def finish_run(self, tenant):
        run = self.pick(self.running(tenant))
        if run is None:
            return None
        observed = run.counts["observed"]
        expected = self.rng.choice((*[None] * 8, observed, max(observed - 1, 0), observed + 1, 2 * observed + 3, 0))
        return "finish_run", {"run": run.name, "expected_items": expected, "accept_shrink": self.chance(0.4),
                              "cursor": self.rng.choice((None, None, "page 1", "page 2", "")),
                              "status": self.rng.choices(("success", "partial", "failed"), (5, 4, 2))[0]}

    def repeat_finish(self, tenant):
        run = self.pick([run for run in tenant.runs if run.completed][-5:])
        status = run and self.rng.choice((run.status, run.status, "success", "failed"))
        return run and ("finish_run", {"run": run.name, "status": status, "expected_items": None})

    def late_call(self, tenant):
        """The owner of a run that has ended, by itself or by take-over, carries on."""
        run = self.pick([run for run in tenant.runs if run.completed][-5:])
        return run and self.call_into(run.name)

    def lost_run(self, tenant):
        """A run that was never there for this tenant: unknown, rolled back, or another tenant's."""
        others = [run.name for model in self.models.values() if model is not tenant for run in model.runs[-5:]]
        mine = {run.name for run in tenant.runs}
        rolled_back = [f"r{number}" for number in range(max(self.names - 9, 1), self.names) if f"r{number}" not in mine]
        return self.call_into(self.rng.choice(["nobody", *others, *rolled_back]))

    def call_into(self, name):
        return self.rng.choice((
            ("upsert_items", {"run": name, "items": self.batch(UNIVERSE), "on_bad_item": "reject_batch"}),
            ("heartbeat", {"run": name}),
            ("remove_items", {"run": name, "items": self.batch(UNIVERSE)}),
            ("record_error", {"run": name, "error_code": "timeout", "message": None, "http_status": None,
                              "policy_type": None}),
            ("finish_run", {"run": name, "status": "success", "expected_items": None}),
            ("finish_run", {"run": name, "status": "failed", "expected_items": None})))

    def reap_expired_runs(self, _):
        return "reap_expired_runs", {}

    # ---- items ----------------------------------------------------------------------------------------

    def upsert_items(self, tenant):
        run = self.pick(self.running(tenant))
        if run is None:
            return None
        sent = self.sent.setdefault(run.name, [])
        if sent and self.chance(0.15):
            return "upsert_items", self.rng.choice(sent)
        items = self.batch(POOLS[HASHES.index(run.selection)])
        on_bad_item = "record" if self.chance(0.3) else "reject_batch"
        if self.chance(0.3 if on_bad_item == "record" else 0.05):
            for raw in self.rng.choices(BAD_ITEMS, k=self.rng.choice((1, 1, 2))):
                items.insert(self.rng.randint(0, len(items)), raw)
        args = {"run": run.name, "items": items, "on_bad_item": on_bad_item}
        sent.append(args)
        return "upsert_items", args

    def remove_items(self, tenant):
        run = self.pick(self.running(tenant))
        if run is None:
            return None
        pool = POOLS[HASHES.index(run.selection)]
        keys = self.rng.sample(pool, self.rng.choice((1, 1, 2, 3, 6))) + self.rng.choices(UNIVERSE, k=self.rng.choice((0, 0, 1)))
        if self.chance(0.5) and run.seen:              # what it observed itself
            keys += [(item.policy_type, item.external_id) for number in self.rng.sample(sorted(run.seen), 1)
                     for item in [tenant.items[number]]]
        if self.chance(0.04):                          # nearly everything: the guards must not expect it
            keys = [key for key in pool if self.chance(0.9)]
        items = [{"policy_type": policy_type, "external_id": external_id} for policy_type, external_id in keys]
        if self.chance(0.05):
            items.insert(self.rng.randint(0, len(items)), self.rng.choice(BAD_ITEMS))
        return "remove_items", {"run": run.name, "items": items}

    def batch(self, pool):
        shape = self.rng.random()
        if shape < 0.03:
            keys = []
        elif shape < 0.40:                                           # nearly everything: little is missing
            keys = [key for key in pool if self.chance(0.85)]
        elif shape < 0.65:                                           # neighbours
            start = self.rng.randrange(len(pool))
            keys = pool[start:start + self.rng.randint(1, 10)]
        else:
            keys = self.rng.sample(pool, self.rng.randint(1, 8))
        if self.chance(0.15):
            keys = keys + self.rng.choices(UNIVERSE, k=2)            # outsiders, or the same item twice
        if keys and self.chance(0.15):
            keys = keys + self.rng.choices(keys, k=2)
        self.rng.shuffle(keys)
        return [self.item(key) for key in keys]

    def item(self, key):
        """Mostly the same content as ever, so that most observations are of unchanged items."""
        raw = {"policy_type": key[0], "external_id": key[1]}
        if self.chance(0.9):
            raw |= {"display_name": f"Item {key[1][:20]}", "meta": {"os": "linux", "tags": [key[0]]}}
        if self.chance(0.12):
            raw["display_name"] = self.rng.choice(NAMES)
        if self.chance(0.12):
            raw["meta"] = self.rng.choice(METAS)
        for omitted in ("display_name", "meta"):
            if self.chance(0.1):
                raw.pop(omitted, None)
        return raw

    def forget_items(self, tenant):
        keys = [(item.policy_type, item.external_id) for item in tenant.items.values()]
        # now and then many, so that new items keep coming and overlapping runs race to be their first
        count = self.rng.randint(10, 30) if self.chance(0.15) else self.rng.randint(1, 4)
        some = self.rng.sample(keys, min(len(keys), count))
        return "forget_items", {"keys": some + [("never", "there")]}

    def forget_missing(self, _):
        return "forget_missing", {"hash": self.rng.choice(HASHES), "min_missed_runs": self.rng.choice((0, 1, 1, 2, 3)),
                                  "min_age": timedelta(seconds=self.rng.choice((0, 0, 605, 3605))),
                                  "dry_run": self.chance(0.4)}

    def forget_tenant(self, _):
        return ("forget_tenant", {}) if self.chance(0.4) else None

    def follow(self, _):
        return "follow", {"page": self.rng.choice((1, 1, 2, 5, 1000))}
    def rename_item(self, tenant):
        """To a name of the same universe, so that batches meet it again; now and then a taken one, or a bad one."""
        keys = [(item.policy_type, item.external_id) for item in tenant.items.values()] or [("never", "there")]
        free = [key for key in UNIVERSE if key not in keys]
        to = self.rng.choice(free if free and self.chance(0.8) else UNIVERSE)
        return "rename_item", {"key": ("never", "there") if self.chance(0.05) else self.rng.choice(keys),
                               "to": ("t" * 201, "i") if self.chance(0.03) else to}

    def replace_selection(self, tenant):
        old = self.rng.choice(sorted(tenant.selections) or HASHES)
        return "replace_selection", {"hash": old, "selection": self.spelled_differently(self.rng.choice(SELECTIONS))}

    def forget_selection(self, _):
        return "forget_selection", {"hash": self.rng.choice(HASHES)}

    def forget_orphans(self, _):
        return "forget_orphans", {"dry_run": self.chance(0.5)}

    def prune_runs(self, _):
        return "prune_runs", {"keep": timedelta(seconds=self.rng.choice((0, 0, 605, 7205))),
                              "keep_last": self.rng.choice((0, 0, 1, 4))}

    # ---- clock and transactions -----------------------------------------------------------------------

    def set_clock(self, tenant):
        seconds = 10 * (-self.rng.randint(1, 60) if self.chance(0.15) else self.rng.randint(1, 50))
        return "set_clock", {"to": tenant.clock + timedelta(seconds=seconds)}

    def nonsense(self, _):
        statement, sqlstate = self.rng.choice(NONSENSE)
        return "nonsense", {"statement": statement, "sqlstate": sqlstate}

    def begin(self, tenant):
        return None if tenant.saved else ("begin", {})

    def savepoint(self, tenant):
        return ("savepoint", {}) if 0 < len(tenant.saved) < 4 else None

    def rollback_to(self, tenant):
        return ("rollback_to", {"level": self.rng.randrange(1, len(tenant.saved))}) if len(tenant.saved) > 1 else None

    def rollback(self, tenant):
        return ("rollback", {}) if tenant.saved else None

    def commit(self, tenant):
        return ("commit", {}) if tenant.saved else None
