"""The checker finds what it should: a small true history has no fault, and each way of bending it has one."""

import json

import pytest

import stress_checker
from stress_history import COMMITTED, ROLLED_BACK, UNKNOWN, Call, History, Run, Tables, calls_of

TENANT, OTHER = "first", "second"


def call(function, at, result=None, *, run=None, items=(), outcome=COMMITTED, **more):
    args = {"tenant": TENANT, "run": run, "items": [dict(zip(("policy_type", "external_id", "display_name"), i)) for i in items]}
    if function == "start_run":
        args = {"tenant": TENANT, "selection": {"s": 0}, "request_id": None}
        result = {"run_id": run, "status": "running", "reason": None, "blocking_run_id": None}
    if function == "finish_run":
        args["status"] = "success"
        result = {"status": "success", "observed_count": result, "inserted_count": result if run == "run 1" else 0, "updated_count": 0,
                  "unchanged_count": 0 if run == "run 1" else result, "run_seq": int(run[-1])}
    ended = {} if outcome == UNKNOWN else {"replied": at + 0.1, "ended": at + 0.1, "result": result or {}}
    return Call(function, {**args, **more.pop("args", {})}, at, outcome=outcome, **{**ended, **more})


def run(seq, started_at, finished_at, observed, inserted, **more):
    return Run(**{"tenant": TENANT, "run_id": f"run {seq}", "selection": 0, "run_seq": seq, "status": "success",
                  "started_at": started_at, "finished_at": finished_at, "lease": 2.0, "request_id": None, "observed": observed,
                  "inserted": inserted, "updated": 0, "unchanged": observed - inserted, "error_codes": (), **more})


def true_history():
    """Run 1 sees a and b, run 2 only a: b is missing."""
    calls = [call("start_run", 10, run="run 1"), call("upsert_items", 11, run="run 1", items=[("t", "a", "A"), ("t", "b")]),
             call("finish_run", 12, 2, run="run 1"),
             call("start_run", 13, run="run 2"), call("upsert_items", 14, run="run 2", items=[("t", "a")]),
             call("finish_run", 15, 1, run="run 2")]
    tables = Tables(runs={r.run_id: r for r in (run(1, 10.05, 12.05, 2, 2), run(2, 13.05, 15.05, 1, 0))},
                    items={(TENANT, "t", "a"): "A", (TENANT, "t", "b"): None},
                    seen={(TENANT, 0, "t", "a"): 2, (TENANT, 0, "t", "b"): 1}, missing={(TENANT, 0, "t", "b")})
    return History(calls, tables, [(None, 1, 0, 0), (TENANT, 1, 0, 0), (OTHER, 1, 0, 0)])


def faults(history):
    return {sentence.partition(":")[0] for sentence in stress_checker.faults(history)}


def test_true_history():
    assert list(stress_checker.faults(true_history())) == []


def start_while_live(history):
    history.calls[3].sent, history.calls[3].replied = 11.2, 11.3


def start_of_other_while_live(history):
    history.calls += [call("start_run", 11.3, run="run 9", args={"tenant": OTHER})]
    history.tables.runs["run 9"] = run(1, 11.35, 11.9, 0, 0, tenant=OTHER, run_id="run 9")


def runs_overlap(history):
    history.tables.runs["run 1"].finished_at = 13.2


def gap_in_run_seq(history):
    history.tables.runs["run 2"].run_seq = 3


def two_of_a_tenant(history):
    history.tables.runs["run 1"].selection, history.tables.runs["run 1"].finished_at = 1, 14.0


def acknowledged_run_is_gone(history):
    history.calls.append(call("start_run", 20, run="run 3"))


def run_from_nowhere(history):
    history.tables.runs["run 3"] = run(3, 20.0, 21.0, 0, 0)


def rolled_back_run_is_there(history):
    history.calls[3].outcome = ROLLED_BACK


def batch_after_finish(history):
    history.calls.append(call("upsert_items", 12.5, run="run 1", items=[("t", "a")]))


def batch_after_take_over(history):
    del history.calls[2]
    history.calls.append(call("upsert_items", 13.5, run="run 1", items=[("t", "a")]))


def finish_of_a_run_that_was_taken_over(history):
    history.tables.runs["run 1"].error_codes = ("lease_expired",)


def finish_says_something_else(history):
    history.calls[2].result["observed_count"] = 1


def acknowledged_batch_is_lost(history):
    history.calls.append(call("upsert_items", 14.5, run="run 2", items=[("t", "c")]))


def rolled_back_batch_is_there(history):
    history.calls[4].outcome = ROLLED_BACK


def half_a_batch(history):
    history.calls[1].outcome = UNKNOWN
    history.tables.runs["run 1"].observed = 1


def item_is_gone(history):
    del history.tables.items[TENANT, "t", "b"]


def old_name_came_back(history):
    history.calls.append(call("upsert_items", 14.5, run="run 2", items=[("t", "a", "B")]))


def missing_wrongly(history):
    history.tables.missing.add((TENANT, 0, "t", "a"))


def not_missing_wrongly(history):
    history.tables.missing.clear()


def seen_by_an_older_run(history):
    history.tables.seen[TENANT, 0, "t", "a"] = 1


def deadlock(history):
    history.calls.append(call("upsert_items", 14.5, run="run 2", outcome=ROLLED_BACK, sqlstate="40P01"))


@pytest.mark.parametrize("bend, check", [
    (start_while_live, "exclusion"), (start_of_other_while_live, "limits"), (runs_overlap, "order"), (gap_in_run_seq, "order"),
    (two_of_a_tenant, "tenant_limits"), (acknowledged_run_is_gone, "starts"), (run_from_nowhere, "starts"),
    (rolled_back_run_is_there, "starts"), (batch_after_finish, "closed_runs"), (batch_after_take_over, "closed_runs"),
    (finish_of_a_run_that_was_taken_over, "finishes"), (finish_says_something_else, "finishes"),
    (acknowledged_batch_is_lost, "batches"), (rolled_back_batch_is_there, "batches"), (half_a_batch, "batches"),
    (item_is_gone, "batches"), (old_name_came_back, "names"), (missing_wrongly, "missing"), (not_missing_wrongly, "missing"),
    (seen_by_an_older_run, "missing"), (deadlock, "sqlstates")], ids=lambda x: getattr(x, "__name__", x))
def test_bent_history(bend, check):
    history = true_history()
    bend(history)
    assert check in faults(History(history.calls, history.tables, history.limits))


@pytest.mark.parametrize("settings, highest", [
    ([(3, 10, 11)], 3), ([(3, 17, 18.5)], 5), ([(3, 10, 11), (7, 21, 22)], 3), ([(3, 10, 11), (7, 20.5, 21)], 7),
    # at the same time: either may have been the last, whichever was told first, until another one came after both
    ([(3, 10, 12), (7, 11, 11.5)], 7), ([(7, 10, 11.5), (3, 11, 12)], 7), ([(3, 10, 12), (7, 11, 11.5), (1, 13, 14)], 1),
    ([(3, 10, float("inf"))], 5), ([(7, 10, float("inf")), (1, 13, 14)], 7), ([(3, 10, 11), (-1, 15, 19)], float("inf"))])
def test_highest_limit_that_may_be_in_force(settings, highest):
    history = History([], Tables(), [(None, 5, 0, 0), (TENANT, 9, 1, 2)] + [(None, *setting) for setting in settings])
    assert stress_checker.limit_between(history, None, 20, 20.5) == highest


def test_unknown_may_be_either():
    for there in (True, False):
        history = true_history()
        history.calls[1].outcome, history.calls[1].ended = UNKNOWN, float("inf")
        if not there:
            history.calls[2].result.update(observed_count=0, inserted_count=0)
            history.calls[5].result.update(inserted_count=1, unchanged_count=0)
            history.tables.runs["run 1"] = run(1, 10.05, 12.05, 0, 0)
            history.tables.runs["run 2"] = run(2, 13.05, 15.05, 1, 1)
            history.tables.items = {(TENANT, "t", "a"): None}
            history.tables.seen = {(TENANT, 0, "t", "a"): 2}
            history.tables.missing = set()
        assert list(stress_checker.faults(history)) == []


@pytest.mark.parametrize("events, outcomes", [
    ([("call", True)], [UNKNOWN]),
    ([("call", True), ("reply",)], [COMMITTED]),
    ([("call", True), ("error", True)], [UNKNOWN]),
    ([("call", True), ("error", False)], [ROLLED_BACK]),
    ([("call", False), ("reply",)], [ROLLED_BACK]),
    ([("call", False), ("reply",), ("call", False), ("error", True)], [ROLLED_BACK, ROLLED_BACK]),
    ([("call", False), ("reply",), ("end", "commit")], [UNKNOWN]),
    ([("call", False), ("reply",), ("end", "commit"), ("ended", "commit")], [COMMITTED]),
    ([("call", False), ("reply",), ("end", "rollback")], [ROLLED_BACK]),
])
def test_outcome_of_a_transaction(tmp_path, events, outcomes):
    fields = {"call": "auto", "error": "lost", "end": "how", "ended": "how"}
    log = tmp_path / "log"
    with open(log, "w", encoding="utf-8") as out:
        for at, (kind, *value) in enumerate(events):
            event = {"kind": kind, "tx": "1", "at": at, "function": "heartbeat", "args": {}, "result": {}, "sqlstate": None, "message": ""}
            out.write(json.dumps({**event, **{fields[kind]: v for v in value}}) + "\n")
    assert [c.outcome for c in calls_of(log)] == outcomes
