"""The histories of test_model.py reach what the contract speaks of. Needs no server."""

from collections import Counter

import answers
import consistency
from contract import BASELINES
from database import SETTINGS
from history import WEIGHTS
from replay import Replay, generate, learn_ids


def test_the_histories_reach_what_the_contract_speaks_of():
    """Otherwise ten thousand green steps would say little."""
    reached = Counter()
    for seed in range(1, 26):       # those that test_model.py plays
        replay = Replay(SETTINGS, seed=seed)
        for step in generate(replay, seed, 400):
            outcome = replay.apply(step)
            model = replay.models[step.tenant]
            reached[step.kind] += 1
            if outcome[0] == "fails":
                reached[step.kind, outcome[1]] += 1
            elif step.kind == "start_run":
                reached[outcome[1]["reason"]] += 1
            elif step.kind in ("prune_runs", "forget_missing"):
                reached[step.kind, outcome[1] > 0] += 1
            elif step.kind == "finish_run" and not model.saved:
                reached.update(look_at_answers(model))
    kinds = set(WEIGHTS) - {"repeat_finish", "late_call", "lost_run"}
    wanted = kinds | {"already_running", "fresh", "added", "changed", "reappeared", "missing", "seen", "missed",
                      "missed_unsure", "not_covered", "seen_elsewhere", ("latest", "none"), ("latest_clean", "none"), "high", "low",
                      "run_partial", "run_failed", "run_had_errors", "lease_expired",
                      "short_of_expected", "shrink_guard", "nothing_observed", "type_failed"}
    wanted |= {("upsert_items", state) for state in ("22023", "55000", "P0002")}
    wanted |= {("finish_run", state) for state in ("55000", "P0002")}
    wanted |= {(kind, some) for kind in ("prune_runs", "forget_missing") for some in (True, False)}
    assert min(reached[thing] for thing in wanted) >= 5, sorted((reached[thing], str(thing)) for thing in wanted)[:5]


def look_at_answers(model):
    """The words in a tenant's answers; on the way, what must hold in any state."""
    rows = [{"item_id": number, "policy_type": item.policy_type, "external_id": item.external_id}
            for number, item in model.items.items()]
    for row in rows:
        model.items[row["item_id"]].id_from = [row["item_id"]]       # no database: the model's handle is the id
    learn_ids(model, rows)
    consistency.check(model)
    for selection in model.selections:
        for which in BASELINES:
            for row in answers.missing_summary(model, selection, which):
                yield (which, row["confidence"])
            for row in answers.missing_items(model, selection, which):
                yield from [row["confidence"], *row["reasons"]]
                asked = answers.explain_missing(model, selection, row["policy_type"], row["external_id"])
                yield from (line["verdict"] for line in asked)
    for run in [run for run in model.runs if not run.pruned][-3:]:
        yield from (row["change"] for row in answers.run_changes(model, run.name))
