"""Short histories that reach what random ones seldom reach, each by the mutants that it turns red.

Item n is the nth of the universe: 0, 4, 8, ... are apps, 1, 5, 9, ... device policies.
"""

from datetime import timedelta

from contract import EPOCH
from history import HASHES, SELECTIONS, UNIVERSE, Step

LEFT, RIGHT, _, SPARE = SELECTIONS
APPS, DEVICE_POLICIES = [0, 4, 8, 12], [1, 5, 9, 13]
NO_TYPE = {"external_id": "no type"}


def step(kind, **args):
    return [Step("acme", kind, args)]


def start(name, selection=LEFT, **args):
    unsaid = {"correlation_id": None, "request_id": None, "lease": None, "min_age": None}
    return step("start_run", name=name, selection=selection, **unsaid | args)


def item(number):
    policy_type, external_id = UNIVERSE[number]
    return {"policy_type": policy_type, "external_id": external_id}


def sees(name, *numbers, bad=()):
    return step("upsert_items", run=name, items=[*map(item, numbers), *bad], on_bad_item="record" if bad else "reject_batch")


def removes(name, *numbers):
    return step("remove_items", run=name, items=[*map(item, numbers)])


def fails_at(name, policy_type=None):
    return step("record_error", run=name, error_code="timeout", message=None, http_status=None, policy_type=policy_type)


def finish(name, status="success", expected_items=None, **args):
    return step("finish_run", run=name, status=status, expected_items=expected_items, **args)


def run(name, *numbers, selection=LEFT, removed=(), status="success", expected_items=None, cursor=None, **args):
    return [*start(name, selection, **args), *sees(name, *numbers), *(removes(name, *removed) if removed else ()),
            *finish(name, status, expected_items, cursor=cursor)]


def later(seconds):
    return step("set_clock", to=EPOCH + timedelta(seconds=seconds))


def prune():
    return step("prune_runs", keep=timedelta(0), keep_last=0)


STORIES = {
    "a hole is located by what the extension added":
        start("r1") + sees("r1", 2, bad=[{"policy_type": "compliance", "external_id": ""}]) + finish("r1", "partial"),
    "an unchanged run had no errors":
        run("r1", 0) + start("r2") + fails_at("r2") + sees("r2", 0) + finish("r2"),
    "an unchanged run ends no count of a type that was forgotten":
        run("r1", 0, 1) + step("forget_items", keys=[UNIVERSE[1]]) + run("r2", 0),
    "a run of some types is unchanged for all":
        run("r1", 0, 1) + run("r2", 0) + run("r3", 0, policy_types=("app",)),
    "a run that saw what an earlier one saw is not looked at closer":
        run("r1", 0, 1, cursor="page 1") + run("r2", 0, mode="delta") + run("r3", 0),
    # ---- guards
    "the guard by type counts all items":
        run("r1", *APPS, *DEVICE_POLICIES) + run("r2", *DEVICE_POLICIES),
    "a shrink of a type is never confirmed":
        run("r1", *APPS, *DEVICE_POLICIES) + run("r2", *DEVICE_POLICIES) + run("r3", *DEVICE_POLICIES),
    "a shrink is never confirmed":
        run("r1", 0, 4, 1, 5, 2, 6) + run("r2", 0) + run("r3", 0),
    "the total guard counts types that are not covered":
        run("r1", *APPS, *DEVICE_POLICIES, 2) + run("r2", *APPS, policy_types=("app",)),
    "the number that was expected excuses a shrink":
        run("r1", *APPS, *DEVICE_POLICIES) + run("r2", 0, expected_items=1),
    "the guards expect what the run removed":
        run("r1", *APPS, *DEVICE_POLICIES) + run("r2", 0, 8, 12, removed=[4, *DEVICE_POLICIES]),
    # ---- removals and the feed
    "a removal in a failed run tells nothing":
        run("r1", 0) + run("r2", removed=[0], status="failed"),
    "a repeated removal begins anew":
        run("r1", 0) + run("r2", removed=[0], status="failed") + later(60) + run("r3", removed=[0], status="failed"),
    "a removal of what was missing is a miss of its own":
        run("r1", 0, 1) + run("r2", 1) + run("r3", 1, removed=[0]),
    "a removed item that is observed stays removed":
        run("r1", 0, 1) + run("r2", 1, removed=[0]) + run("r3", 0, 1) + run("r4", 1),
    "an after from another life is served":
        run("r1", 0, 4, 8) + step("follow", page=1000) + step("forget_tenant") + run("r2", 1),
    # ---- fresh, seen elsewhere, forgotten
    "a run of some types is fresh for all":
        run("r1", 0, policy_types=("app",)) + start("r2", min_age=timedelta(hours=1)),
    "a replayed batch records its rejects again":
        start("r1") + 2 * sees("r1", 0, bad=[NO_TYPE]) + finish("r1"),
    "what another selection misses is seen elsewhere":
        run("r1", 0, 1) + run("r2", 1) + run("r3", 0, 1, selection=RIGHT) + run("r4", 1, selection=RIGHT),
    "what another selection sees is forgotten":
        run("r1", 0, 1) + run("r2", 0, selection=RIGHT) + run("r3", 1)
        + step("forget_missing", hash=HASHES[0], min_missed_runs=0, min_age=timedelta(0), dry_run=False),
    # ---- pruning
    "pruning takes a baseline":
        run("r1", 0, 4) + start("r2") + fails_at("r2", "compliance") + sees("r2", 4) + finish("r2", "partial")
        + run("r3", 4, status="failed") + prune(),
    "pruning takes the latest clean run":
        run("r1", 0, cursor="page 1") + run("r2", mode="delta") + run("r3", mode="delta", status="failed") + prune(),
    "pruning takes the run that removed an item":
        run("r1", 0, cursor="page 1") + run("r2", removed=[0], mode="delta") + run("r3", mode="delta") + prune(),
    # ---- names that change, selections that go
    "an inserted item that was renamed is folded under its old type":
        start("r1") + sees("r1", 0, 5) + step("rename_item", key=UNIVERSE[0], to=UNIVERSE[1]) + finish("r1")
        + run("r2", 5, policy_types=("device policy",)),
    "a replaced selection forgets its types":
        run("r1", 0) + step("replace_selection", hash=HASHES[0], selection=SPARE),
    "a replaced selection keeps its cursor":
        run("r1", 0, cursor="page 1") + step("replace_selection", hash=HASHES[0], selection=SPARE) + start("r2", SPARE),
    "a selection is forgotten while a run of it is running":
        start("r1") + step("forget_selection", hash=HASHES[0]),
    "what a forgotten selection saw last was seen by nobody":
        run("r1", 0) + run("r2", 0, selection=RIGHT) + step("forget_selection", hash=HASHES[1]),
    "what a forgotten selection saw last was seen last by the oldest run":
        run("r1", 0, selection=SPARE) + run("r2", 0, selection=RIGHT) + run("r3", 0)
        + step("forget_selection", hash=HASHES[0]),
}
