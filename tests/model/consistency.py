"""What must hold between the answers of a tenant in any state, whatever the history: they never contradict each other."""

from contract import BASELINES

import answers


def check(model):
    """Raises AssertionError where two answers of a model tenant disagree; its items must have their ids."""
    for selection in model.selections:
        status = answers.selection_status(model, selection)
        assert status["known_items"] == status["observed_items"] + status["missing_items"]
        present = {}
        for which, counted in zip(BASELINES, ("missing_items", "confirmed_missing")):
            missing = answers.missing_items(model, selection, which)
            summary = answers.missing_summary(model, selection, which)
            assert len(missing) == status[counted]
            if summary:
                assert sum(row["known"] for row in summary) == status["known_items"]
            for row in summary:
                agrees_with_its_items(row, [item for item in missing if item["policy_type"] == row["policy_type"]], which)
            for row in missing:
                agrees_with_its_runs(model, selection, row, which)
            present[which] = {number for number in model.last_seen_by(selection)} - {
                number for number, item in model.items.items() if item.item_id in {row["item_id"] for row in missing}}
        if not model.running(selection):
            assert added_up(model, selection) == present["latest_clean"]


def agrees_with_its_items(row, missing, which):
    assert row["known"] == row["observed"] + row["missing"] and row["missing"] == len(missing)
    assert row["newly_missing"] == len([item for item in missing if item["missed_runs"] == 1])
    for item in missing:
        assert "removed" not in item["reasons"] or item["confidence"] == "high"
    missing = [item for item in missing if "removed" not in item["reasons"]]      # their baseline is the run that said so
    assert {item["baseline_run_id"] for item in missing} <= {row["baseline_run_id"]}
    assert {item["confidence"] for item in missing} <= {row["confidence"]}
    for item in missing:
        assert [reason for reason in item["reasons"] if reason != "seen_elsewhere"] == row["reasons"]
    assert row["confidence"] == ("low" if set(row["reasons"]) - {"nothing_observed"} else
                                 "none" if row["baseline_run_id"] is None else "high")
    assert which == "latest" or row["reasons"] == row["error_codes"] == []


def agrees_with_its_runs(model, selection, row, which):
    asked = answers.explain_missing(model, selection, row["policy_type"], row["external_id"])
    counting = {"latest": {"missed", "missed_unsure"}, "latest_clean": {"missed"}}[which]
    missed = [line for line in asked if line["verdict"] in counting]
    if "removed" in row["reasons"]:
        assert next(line["run_id"] for line in asked if line["verdict"] == "removed") == row["baseline_run_id"]
        assert asked[-1]["verdict"] in ("seen", "removed")
        return
    assert [line["verdict"] for line in asked].index("seen") == len(asked) - 1
    assert len(missed) == row["missed_runs"]
    assert (missed[0]["run_id"], missed[-1]["started_at"]) == (row["baseline_run_id"], row["missing_since"])


def added_up(model, selection):
    """All changes of a selection, from its first run on: what they leave is there."""
    left = set()

    def outside(count):
        """What a rename told after so many completed runs."""
        for told, until, change, number in model.told_outside:
            if (told, until) == (selection, count):
                (left.add if change == "reappeared" else left.remove)(number)

    for count, run in enumerate(model.completed(selection), 1):
        pruned, run.pruned = run.pruned, False
        told = answers.run_changes(model, run.name)
        run.pruned = pruned
        for row in told:
            number = next(number for number, item in model.items.items() if item.item_id == row["item_id"])
            if row["change"] in ("added", "reappeared"):
                assert number not in left
                left.add(number)
            elif row["change"] == "missing":
                left.remove(number)
        outside(count)
    return left
