"""Short histories that reach what random ones seldom reach. Each is named by the mutants that it turns red."""

from datetime import timedelta

from contract import EPOCH
from history import HASHES, SELECTIONS, TENANTS, UNIVERSE, Step

ACME, GLOBEX = TENANTS
LEFT, RIGHT, HALF, SPARE = SELECTIONS
SELECTION_NAMES = ("LEFT", "RIGHT", "HALF", "SPARE")
NEVER = timedelta(0)
DEFAULTS = {
    "start_run": {"correlation_id": None, "request_id": None, "lease": None, "min_age": None, "mode": "full", "policy_types": None},
    "upsert_items": {"on_bad_item": "reject_batch"},
    "record_error": {"error_code": None, "message": None, "http_status": None, "policy_type": None},
    "finish_run": {"status": "success", "expected_items": None, "accept_shrink": False, "cursor": None},
    "forget_missing": {"min_missed_runs": 0, "min_age": timedelta(0), "dry_run": False},
    "prune_runs": {"keep": timedelta(0), "keep_last": 0},
    "forget_orphans": {"dry_run": False},
}


def step(tenant, kind, **args):
    return Step(tenant, kind, DEFAULTS.get(kind, {}) | args)


def item(number, **fields):
    policy_type, external_id = UNIVERSE[number]
    return {"policy_type": policy_type, "external_id": external_id, **fields}


def seconds(count):
    return timedelta(seconds=count)


def at(count):
    return EPOCH + timedelta(seconds=count)


STORIES = {
    ("the baseline is off by one", "the running run is ignored", "missed_runs is off by one", "a miss of an outage counts"): [
        step(ACME, "start_run", name="r1", selection=HALF),
        step(ACME, "upsert_items", run="r1", items=[item(34)]),
        step(ACME, "finish_run", run="r1"),
        step(ACME, "start_run", name="r2", selection=HALF),
        step(ACME, "finish_run", run="r2"),
    ],
    ("newly missing is what any run has missed",): [
        step(ACME, "start_run", name="r1", selection=HALF),
        step(ACME, "upsert_items", run="r1", items=[item(30)]),
        step(ACME, "finish_run", run="r1"),
        step(ACME, "start_run", name="r2", selection=HALF),
        step(ACME, "finish_run", run="r2"),
        step(ACME, "start_run", name="r3", selection=HALF),
        step(ACME, "finish_run", run="r3"),
    ],
    ("a failed run vouches",): [
        step(ACME, "start_run", name="r1", selection=HALF),
        step(ACME, "finish_run", run="r1", status="failed"),
        step(ACME, "start_run", name="r2", selection=HALF),
        step(ACME, "upsert_items", run="r2", items=[{"policy_type": "t" * 201, "external_id": "i"}, item(16)], on_bad_item="record"),
        step(ACME, "finish_run", run="r2"),
    ],
    ("a partial run without a located hole vouches", "a type not covered is judged",
     "what a run was started for is not covered"): [
        step(ACME, "start_run", name="r1", selection=HALF, policy_types=("Größe", "app", "app")),
        step(ACME, "finish_run", run="r1", status="partial"),
    ],
    ("what other selections saw is counted", "run_seq counts the runs of all selections"): [
        step(ACME, "start_run", name="r1", selection=LEFT),
        step(ACME, "start_run", name="r2", selection=HALF),
        step(ACME, "upsert_items", run="r1", items=[item(12)]),
        step(ACME, "finish_run", run="r1"),
        step(ACME, "set_clock", to=at(950)),
        step(ACME, "start_run", name="r3", selection=HALF, policy_types=("Größe", "app", "app")),
        step(ACME, "finish_run", run="r3"),
    ],
    ("a failed run is skipped as a baseline",): [
        step(ACME, "start_run", name="r1", selection=LEFT),
        step(ACME, "upsert_items", run="r1", items=[item(7)]),
        step(ACME, "set_clock", to=at(950)),
        step(ACME, "start_run", name="r2", selection=LEFT),
    ],
    ("missing_since is the start of the baseline",): [
        step(ACME, "start_run", name="r1", selection=LEFT),
        step(ACME, "upsert_items", run="r1", items=[item(16)]),
        step(ACME, "remove_items", run="r1", items=[item(16)]),
        step(ACME, "set_clock", to=at(1260)),
        step(ACME, "reap_expired_runs"),
    ],
    ("an untyped error is taken for typed",): [
        step(ACME, "start_run", name="r1", selection=HALF),
        step(ACME, "upsert_items", run="r1", items=[{"policy_type": "t" * 201, "external_id": "i"}, item(16)], on_bad_item="record"),
        step(ACME, "finish_run", run="r1"),
    ],
    ("a hole is located by what the extension added",): [
        step(ACME, "start_run", name="r1", selection=LEFT),
        step(ACME, "upsert_items", run="r1", items=[item(18), {"policy_type": "device policy", "external_id": None}], on_bad_item="record"),
        step(ACME, "finish_run", run="r1", status="partial"),
    ],
    ("a partial run never vouches",): [
        step(ACME, "start_run", name="r1", selection=SPARE),
        step(ACME, "record_error", run="r1", policy_type="Größe"),
        step(ACME, "upsert_items", run="r1", items=[item(12)]),
        step(ACME, "finish_run", run="r1", status="partial"),
    ],
    ("a type with an error is vouched for", "the runs that count for every type are forgotten where there is an exception"): [
        step(ACME, "start_run", name="r1", selection=SPARE),
        step(ACME, "upsert_items", run="r1", items=[item(6)]),
        step(ACME, "finish_run", run="r1"),
        step(ACME, "start_run", name="r2", selection=SPARE),
        step(ACME, "record_error", run="r2", policy_type="Größe"),
        step(ACME, "upsert_items", run="r2", items=[item(17), item(16), item(29)]),
        step(ACME, "finish_run", run="r2"),
    ],
    ("the guard of the total is off",): [
        step(ACME, "start_run", name="r1", selection=HALF),
        step(ACME, "upsert_items", run="r1", items=[item(26), item(28), item(12), item(30)]),
        step(ACME, "finish_run", run="r1"),
        step(ACME, "start_run", name="r2", selection=HALF),
        step(ACME, "finish_run", run="r2"),
    ],
}
