"""Random histories: after every step the extension and the plain model must agree.

MODEL_STEPS (10000) steps in all, split over histories of 400; MODEL_SEED=n plays history n alone;
MODEL_SHRINK=1 makes a failing history as short as it gets before it is shown.
"""

import os
from datetime import timedelta

import psycopg
import pytest

from database import scratch
from history import SELECTIONS, Step
from replay import Disagreement, Replay, generate
from shrink import shrink

STEPS = int(os.environ.get("MODEL_STEPS", 10_000))
STEPS_PER_HISTORY = min(400, STEPS)
if "MODEL_SEED" in os.environ:
    SEEDS = [int(os.environ["MODEL_SEED"])]
else:
    SEEDS = list(range(1, STEPS // STEPS_PER_HISTORY + 1))


def failure(prepared, steps):
    """How a given history fails in a fresh database, and the steps up to there; None when it does not."""
    with scratch(prepared) as sessions:
        replay = Replay(prepared.settings, sessions)
        try:
            replay.play(steps)
        except (Disagreement, psycopg.Error) as error:
            return error, replay.steps
    return None


def test_a_caller_that_records_lease_expired_itself_may_repeat_its_finish(prepared):
    finish = {"run": "r1", "status": "success", "expected_items": None}
    steps = [Step("acme", "start_run", {"name": "r1", "selection": SELECTIONS[0], "correlation_id": None,
                                        "request_id": None, "lease": None, "min_age": None}),
             Step("acme", "record_error", {"run": "r1", "error_code": "lease_expired", "message": None,
                                           "http_status": None, "policy_type": None}),
             Step("acme", "finish_run", finish), Step("acme", "finish_run", finish)]
    assert failure(prepared, steps) is None


def test_the_last_runs_are_counted_among_those_that_are_left(prepared):
    def run(name, status):
        return [Step("acme", "start_run", {"name": name, "selection": SELECTIONS[0], "correlation_id": None,
                                           "request_id": None, "lease": None, "min_age": None}),
                Step("acme", "finish_run", {"run": name, "status": status, "expected_items": None})]

    def prune(keep_last):
        return [Step("acme", "prune_runs", {"keep": timedelta(0), "keep_last": keep_last})]

    # r2 goes at once; r1 stays as the latest success, later as one of the last three, as r2 is not there any more
    steps = run("r1", "success") + run("r2", "failed") + run("r3", "failed") + prune(1)
    assert failure(prepared, steps + run("r4", "success") + prune(3) + prune(2)) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_the_extension_agrees_with_the_model(prepared, seed):
    with scratch(prepared) as sessions:
        replay = Replay(prepared.settings, sessions, seed)
        try:
            replay.play(generate(replay, seed, STEPS_PER_HISTORY, prepared.missing_kinds))
            return
        except (Disagreement, psycopg.Error) as error:
            report = [f"MODEL_SEED={seed}, step {len(replay.steps)}: {error}"]
    report += ["the last 20 steps:", *map(str, replay.steps[-20:])]
    if os.environ.get("MODEL_SHRINK"):
        shortest, error = shrink(replay.steps, lambda steps: failure(prepared, steps))
        report += ["", f"the same in {len(shortest)} steps: {error}", *map(str, shortest)]
    pytest.fail("\n".join(report), pytrace=False)
