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
}
