"""The model itself, on the examples that DESIGN section 4 asks for. Needs no server.

Each example is a short story on one tenant; `Story` only saves writing out arguments.
"""

import pickle
from datetime import timedelta

import pytest

import answers
import consistency
from contract import Refused, shown_time
from model import Tenant
from records import Settings

MINUTE = timedelta(minutes=1)


class Story(Tenant):
    def __init__(self):
        super().__init__("acme", Settings(allowed_meta={"*": {"os"}}))
        self.hashes = {}

    def start(self, label, min_age=None, request_id=None, types=None):
        self.clock += MINUTE
        name = f"{label}{len(self.runs) + 1}"
        row = self.start_run(name, {"label": label}, None, request_id, None, min_age, types)
        self.hashes[label] = row["selection_hash"]
        return row["run_id"]

    def see(self, run, *ids, **content):
        """An id is of type app, or says its type in front of a slash."""
        items = [(i if "/" in i else f"app/{i}").split("/") for i in ids]
        row = self.upsert_items(run, [{"policy_type": p, "external_id": i, **content} for p, i in items], "reject_batch")
        for item in self.items.values():
            item.item_id = item.number
        return row

    def sync(self, label, *ids, status="success", expected=None, failed=(), types=None, accept_shrink=False):
        """A whole run; `failed` are the types that an error is recorded for, None for all."""
        run = self.start(label, types=types)
        self.see(run, *ids)
        for policy_type in failed:
            self.record_error(run, None, None, 403, policy_type)
        self.finish_run(run, status, expected, accept_shrink)
        return run

    def changes(self, run):
        return [(row["change"], row["external_id"]) for row in answers.run_changes(self, run)]

    def missed(self, label, which="latest"):
        return {row["external_id"]: row for row in answers.missing_items(self, self.hashes[label], which)}

    def status(self, label):
        return answers.selection_status(self, self.hashes[label])


@pytest.fixture
def story():
    return Story()


def test_an_item_seen_by_two_overlapping_selections_and_then_by_one(story):
    story.sync("left", "a", "b")
    story.sync("right", "b", "c")
    gone = story.sync("left", "a")
    seen = story.sync("right", "b", "c")
    assert set(story.missed("left")) == {"b"} and story.missed("right") == {}
    row = story.missed("left")["b"]
    assert (row["baseline_run_id"], row["missed_runs"], row["last_seen_run_id"]) == (gone, 1, seen)


def test_a_run_that_dies_half_way_is_taken_over_and_what_it_saw_counts(story):
    story.sync("left", "a", "b", "c")
    dead = story.start("left")
    story.see(dead, "a")
    story.clock += 16 * MINUTE
    story.start("left")
    row = story.missed("left")["b"]
    assert set(story.missed("left")) == {"b", "c"}
    assert (row["confidence"], row["reasons"]) == ("low", ["run_failed", "run_had_errors", "lease_expired"])
    assert story.missed("left", "latest_clean") == {}
    for late in (lambda: story.see(dead, "b"), lambda: story.finish_run(dead, "failed", None)):
        with pytest.raises(Refused, match="55000"):
            late()


def test_a_batch_after_finish_is_refused_and_a_repeated_finish_gives_the_same_row(story):
    run = story.sync("left", "a")
    row = story.run_row(story.runs[0])
    with pytest.raises(Refused, match="55000"):
        story.see(run, "b")
    story.clock += MINUTE
    assert story.finish_run(run, "success", 99) == row
    with pytest.raises(Refused, match="55000"):
        story.finish_run(run, "failed", None)
    assert len(story.items) == 1


def test_two_runs_in_one_clock_tick_and_a_clock_set_back(story):
    story.sync("left", "a", "b")
    story.clock -= MINUTE
    tick = story.sync("left", "b")
    assert story.missed("left")["a"]["missing_since"] == story.missed("left")["a"]["first_seen_at"]
    story.clock -= 60 * MINUTE
    back = story.sync("left", "a")
    assert set(story.missed("left")) == {"b"}
    assert story.missed("left")["b"]["last_seen_run_id"] == tick
    assert story.missed("left")["b"]["baseline_run_id"] == back


def test_gone_is_what_every_selection_that_knows_it_misses(story):
    """B:1 F ok a, weekly; A:2..9 F ok without a: a stays."""
    story.sync("b", "a", "b")
    story.sync("a", "a", "c")
    for _ in range(8):
        story.sync("a", "c")
    assert answers.gone_items(story) == []
    assert [(row["state"], row["reasons"]) for row in answers.item_presence(story, "app", "a")].count(("present", [])) == 1
    last = story.sync("b", "b")
    (row,) = answers.gone_items(story)
    assert (row["external_id"], row["missing_since"]) == ("a", shown_time(story.own_run(last).started_at))
    running = story.start("c")
    story.see(running, "a")
    assert answers.gone_items(story) == []
    story.finish_run(running, "failed", None)
    assert answers.gone_items(story) == []


def test_a_renamed_item_keeps_its_history_and_is_judged_as_its_new_type(story):
    story.sync("left", "vm/1", "vm/2", "disk/1")
    gone = story.sync("left", "vm/1", "disk/1", status="partial", failed=("disk",))
    assert set(story.missed("left", "latest_clean")) == {"2"}
    story.rename_item(("vm", "2"), ("disk", "2"))
    assert story.missed("left", "latest_clean") == {} and story.changes(gone) == [("missing", "2")]
    assert [told[2] for told in story.told_outside] == ["reappeared"]
    story.rename_item(("disk", "2"), ("vm", "2 again"))
    assert story.missed("left", "latest_clean")["2 again"]["missed_runs"] == 1
    for key, to, sqlstate in ((("vm", "1"), ("disk", "1"), "23505"), (("vm", "9"), ("vm", "8"), "P0002")):
        with pytest.raises(Refused, match=sqlstate):
            story.rename_item(key, to)
    consistency.check(story)


def test_a_type_that_was_renamed_has_not_shrunk(story):
    story.sync("left", *(f"vm/{n}" for n in range(20)), "disk/1")
    for n in range(20):
        story.rename_item(("vm", str(n)), ("machine", str(n)))
    run = story.own_run(story.sync("left", *(f"machine/{n}" for n in range(20)), "disk/1"))
    assert run.clean and run.type_counts == {"machine": 20, "disk": 1}


def test_a_replaced_selection_goes_on_under_its_new_hash(story):
    story.sync("left", "a", "b")
    story.sync("left", "a")
    before = story.missed("left")
    running = story.start("left")
    with pytest.raises(Refused, match="55000"):
        story.replace_selection(story.hashes["left"], {"label": "new"})
    story.finish_run(running, "failed", None)
    story.hashes["new"] = story.replace_selection(story.hashes["left"], {"label": "new"})
    assert set(story.missed("new", "latest_clean")) == set(before)
    with pytest.raises(Refused, match="P0002"):
        story.missed("left")
    story.sync("left", "a")
    with pytest.raises(Refused, match="55000"):
        story.replace_selection(story.hashes["left"], {"label": "new"})


def test_a_forgotten_selection_leaves_orphans(story):
    story.sync("left", "a", "b")
    story.sync("right", "b")
    assert story.forget_selection(story.hashes["left"]) == 1
    rows = {row["external_id"]: row for row in answers.inventory_items(story)}
    assert rows["a"]["last_seen_at"] is None and rows["a"]["first_seen_at"] is not None
    assert rows["b"]["last_seen_run_id"] == "right2"
    running = story.start("other")
    story.see(running, "a")
    assert story.forget_orphans(dry_run=False) == 0
    story.finish_run(running, "failed", None)
    story.forget_selection(story.hashes["other"])
    assert story.forget_orphans(dry_run=True) == story.forget_orphans(dry_run=False) == 1
    assert [item.external_id for item in story.items.values()] == ["b"]


def test_an_item_that_only_the_running_run_saw(story):
    story.sync("left", "a")
    story.sync("left")
    running = story.start("left")
    story.see(running, "a", "new")
    assert story.missed("left") == {}
    status = story.status("left")
    assert (status["known_items"], status["observed_items"], status["missing_items"]) == (1, 1, 0)
    verdicts = answers.explain_missing(story, story.hashes["left"], "app", "new")
    assert [(row["run_id"], row["verdict"]) for row in verdicts] == [(running, "seen")]


def test_a_selection_that_never_completed(story):
    story.see(story.start("left"), "a")
    status = story.status("left")
    assert (status["confidence"], status["known_items"], status["latest_run_id"]) == ("none", 0, None)
    assert story.missed("left") == {}


def test_a_failed_run_that_saw_nothing_makes_everything_missing_with_low_confidence(story):
    story.sync("left", "a", "b")
    story.sync("left", status="failed")
    assert {row["confidence"] for row in story.missed("left").values()} == {"low"}
    assert story.missed("left")["a"]["reasons"] == ["run_failed", "nothing_observed"]
    assert story.missed("left", "latest_clean") == {}


def test_a_forgotten_item_that_returns_is_a_new_one(story):
    story.sync("left", "a", "b")
    assert story.forget_items([("app", "a")]) == 1
    assert story.status("left")["known_items"] == 1
    run = story.sync("left", "a", "b")
    assert answers.run_changes(story, run)[0] | {"item_id": None} == {
        "change": "added", "item_id": None, "policy_type": "app", "external_id": "a", "display_name": None}


def test_a_list_only_selection_beside_a_full_one_clears_nothing(story):
    full, listed = story.start("full"), story.start("list")
    story.see(full, "a", display_name="A", meta={"os": "linux", "secret": 1})
    assert story.see(listed, "a")["unchanged"] == 1
    assert [item.meta for item in story.items.values()] == [{"os": "linux"}]
    assert story.see(listed, "a", meta=None)["updated"] == 1
    assert [(item.display_name, item.meta) for item in story.items.values()] == [("A", None)]


def test_a_shrink_lowers_confidence_once_and_is_clean_when_confirmed(story):
    many = [f"i{number}" for number in range(20)]
    story.sync("left", *many)
    story.sync("left", *many[:9])
    assert story.status("left")["reasons"] == ["run_had_errors", "shrink_guard", "type_failed"]
    story.sync("left", *many[:9])
    assert story.status("left")["reasons"] == []
    story.sync("left", *many[:5], expected=6)
    assert story.status("left")["reasons"] == ["run_had_errors", "short_of_expected"]


def test_an_error_of_one_type_marks_the_items_of_that_type(story):
    run = story.start("left")
    story.upsert_items(run, [{"policy_type": p, "external_id": "a"} for p in ("app", "device")], "reject_batch")
    story.see(run)
    story.finish_run(run, "success", None)
    run = story.start("left")
    story.record_error(run, None, None, 403, "app")
    story.finish_run(run, "partial", None)
    base = ["run_partial", "run_had_errors", "nothing_observed"]
    rows = {row["policy_type"]: row for row in answers.missing_items(story, story.hashes["left"], "latest")}
    assert rows["device"]["reasons"] == base and rows["app"]["reasons"] == [*base, "type_failed"]
    summary = answers.missing_summary(story, story.hashes["left"], "latest")
    assert [(row["policy_type"], row["error_codes"]) for row in summary] == [
        ("app", ["forbidden", "nothing_observed"]), ("device", ["nothing_observed"])]


def test_pruning_changes_no_answer(story):
    story.sync("left", "a", "b")
    for _ in range(4):
        last = story.sync("left", "a")
    before = story.missed("left"), story.status("left"), answers.inventory_items(story)
    explained = answers.explain_missing(story, story.hashes["left"], "app", "b")
    assert story.prune_runs(timedelta(0), 0) == 3
    assert (story.missed("left"), story.status("left"), answers.inventory_items(story)) == before
    assert answers.explain_missing(story, story.hashes["left"], "app", "b") == explained and len(explained) == 5
    assert [row["run_seq"] for row in answers.inventory_sync_runs(story)] == [1, 5]
    assert story.prune_runs(timedelta(0), 0) == 0 and story.own_run(last)


def test_what_a_clean_run_of_each_selection_misses_is_forgotten(story):
    story.sync("left", "a", "b", "c")
    story.sync("right", "b")
    story.sync("left", "a", status="partial")
    left = story.hashes["left"]
    assert story.forget_missing(left, 1, timedelta(0), True) == 0
    story.sync("left", "a")
    story.sync("left", "a")
    assert story.forget_missing(left, 2, timedelta(0), True) == 1
    assert story.forget_missing(left, 3, timedelta(0), True) == 0
    assert story.forget_missing(left, 1, 60 * MINUTE, True) == 0
    story.sync("right", expected=0)
    assert story.forget_missing(left, 1, timedelta(0), False) == 2
    assert [item.external_id for item in story.items.values()] == ["a"]


def test_changes_of_a_run(story):
    story.sync("left", "a", "b")
    story.sync("left", "b")
    story.sync("right", "c")
    run = story.start("left")
    story.see(run, "a", "c", display_name="new")
    story.finish_run(run, "success", None)
    assert story.changes(run) == [("added", "c"), ("changed", "a"), ("changed", "c"), ("reappeared", "a"), ("missing", "b")]


# ---- the stories of issue 16

def test_an_outage_is_no_miss(story):
    story.sync("left", "a", "b")
    for _ in range(10):
        story.sync("left", status="failed", failed=(None,))
    clean = story.sync("left", "a")
    row = story.missed("left", "latest_clean")["b"]
    assert (row["missed_runs"], row["baseline_run_id"], row["confidence"], row["reasons"]) == (1, clean, "high", [])
    assert row["missing_since"] == answers.shown_time(story.own_run(clean).started_at)
    assert story.missed("left")["b"]["missed_runs"] == 11
    assert story.forget_missing(story.hashes["left"], 3, timedelta(0), True) == 0


@pytest.mark.parametrize("status", ("partial", "failed", "lost"))
def test_missing_is_told_by_the_first_run_that_can_be_believed(story, status):
    story.sync("left", "a", "b", "c")
    if status == "lost":
        bad = story.start("left")
        story.clock += 16 * MINUTE
        story.reap_expired_runs()
    else:
        bad = story.sync("left", "a", status=status)
    good = story.sync("left", "a", "b")
    again = story.sync("left", "a", "b")
    assert [story.changes(run) for run in (bad, good, again)] == [[], [("missing", "c")], []]
    [row] = answers.missing_summary(story, story.hashes["left"], "latest_clean")
    assert (row["missing"], row["newly_missing"]) == (1, 0)
    assert story.changes(story.sync("left", "a", "b", "c")) == [("reappeared", "c")]


def test_a_type_that_is_forbidden_for_ever_keeps_no_other_type_from_being_sure(story):
    story.sync("left", "vm/a", "vm/b", "disk/d")
    for _ in range(3):
        story.sync("left", "vm/a", status="partial", failed=("disk",))
    assert {i: row["confidence"] for i, row in story.missed("left", "latest_clean").items()} == {"b": "high"}
    assert story.missed("left")["d"]["reasons"] == ["run_partial", "run_had_errors", "type_failed"]
    assert story.forget_missing(story.hashes["left"], 3, timedelta(0), False) == 1


def test_a_type_that_vanishes_is_not_believed_at_once(story):
    vms, disks = [f"vm/{n}" for n in range(100)], [f"disk/{n}" for n in range(40)]
    story.sync("left", *vms, *disks)
    story.sync("left", *vms)
    assert {row["confidence"] for row in story.missed("left").values()} == {"low"}
    assert story.missed("left", "latest_clean") == {}
    accepted = pickle.dumps(vars(story))
    story.sync("left", *vms)
    assert len(story.missed("left", "latest_clean")) == 40 and story.status("left")["confidence"] == "high"
    vars(story).update(pickle.loads(accepted))
    story.sync("left", *vms, accept_shrink=True)
    assert len(story.missed("left", "latest_clean")) == 40


def test_an_empty_list_is_believed_only_when_it_was_expected(story):
    many = [f"i{number}" for number in range(10)]
    story.sync("left", *many)
    for _ in range(3):
        story.sync("left", accept_shrink=True)
        assert story.status("left")["reasons"] == ["run_had_errors", "nothing_observed"]
    assert story.missed("left", "latest_clean") == {}
    story.sync("left", expected=0)
    assert len(story.missed("left", "latest_clean")) == 10
    story.sync("left")
    assert story.status("left")["confidence"] == "high"


def test_the_number_that_the_api_gives_does_not_excuse_a_shrink(story):
    many = [f"i{number}" for number in range(400)]
    story.sync("left", *many)
    story.sync("left", *many[:50], expected=50)
    assert story.missed("left", "latest_clean") == {} and story.status("left")["confidence"] == "low"
    story.sync("left", *many[:50], expected=50, accept_shrink=True)
    assert len(story.missed("left", "latest_clean")) == 350


def test_a_list_that_churns_while_it_is_read_is_clean_within_the_tolerance(story):
    story.settings.expected_tolerance = 0.125
    story.sync("left", *(f"i{number}" for number in range(7)), expected=8)
    assert story.status("left")["confidence"] == "high"
    story.sync("left", *(f"i{number}" for number in range(6)), expected=8)
    assert story.status("left")["reasons"] == ["run_had_errors", "short_of_expected"]


def test_a_type_that_is_skipped_on_purpose_is_judged_by_the_last_run_that_covered_it(story):
    story.sync("left", "vm/a", "disk/d", "disk/e")
    covered = story.sync("left", "vm/a", "disk/d")
    only_vms = story.sync("left", types=("vm",), expected=0)
    baselines = {i: row["baseline_run_id"] for i, row in story.missed("left").items()}
    assert baselines == {"a": only_vms, "e": covered}
    verdicts = answers.explain_missing(story, story.hashes["left"], "disk", "e")
    assert [row["verdict"] for row in verdicts] == ["not_covered", "missed", "seen"]
    assert story.start("left", min_age=60 * MINUTE, types=("vm", "disk")) is None
    story.sync("right", types=("vm",))
    assert story.start("right", min_age=60 * MINUTE, types=("vm",)) is None
    assert story.start("right", min_age=60 * MINUTE) is not None


def test_a_device_that_moves_is_seen_elsewhere(story):
    story.sync("left", "a", "gone", "b")
    story.sync("left", "b")
    story.sync("right", "a")
    reasons = {i: row["reasons"] for i, row in story.missed("left", "latest_clean").items()}
    assert reasons == {"a": ["seen_elsewhere"], "gone": []}
    story.sync("right", expected=0)
    assert story.missed("left", "latest_clean")["a"]["reasons"] == []


def test_counts_by_type(story):
    first = story.sync("left", "vm/a", "vm/b", "disk/d")
    second = story.sync("left", "vm/a", types=("vm",))
    third = story.sync("left", "vm/a", failed=("vm",), status="partial")
    assert [(row["run_id"], row["policy_type"], row["observed"])
            for row in answers.type_counts(story, story.hashes["left"])] == [
        (first, "disk", 1), (first, "vm", 2), (second, "vm", 1), (third, "disk", 0), (third, "vm", 1)]


def test_a_selection_that_never_ran_is_unknown(story):
    for ask in (lambda: answers.missing_items(story, "typo", "latest"), lambda: answers.type_counts(story, "typo")):
        with pytest.raises(Refused, match="P0002"):
            ask()


def test_starts_are_answers(story):
    first = story.start("left", request_id="q")
    assert story.start("left", request_id="q") == first and story.start("left") is None
    story.finish_run(first, "success", None)
    assert story.start("left", request_id="q") == first
    assert story.start("left", min_age=60 * MINUTE) is None
    refused = answers.inventory_selections(story)[0]
    assert (refused["refused_count"], refused["last_refused_reason"]) == (2, "fresh")
