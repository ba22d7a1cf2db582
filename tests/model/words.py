"""The words of the contract (DESIGN section 4): known, counting, baseline, missed, missing, present, reasons."""

from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps

from contract import Refused, shown_time
from records import Run


@dataclass(frozen=True)
class Absence:
    missed_runs: int
    since: Run                # the first miss
    baseline: Run             # the last run that says so
    is_removed: bool


def kept_while_still(method):
    @wraps(method)
    def look(self, *args):
        if self.kept is None:
            return method(self, *args)
        key = (method, *args)
        if key not in self.kept:
            self.kept[key] = method(self, *args)
        return self.kept[key]
    return look


class Words:
    """What a tenant's runs say, by the definitions of the contract; `Tenant` has the runs."""

    kept = None         # what was found out while the tenant is still

    @contextmanager
    def still(self):
        """Nothing happens to the tenant meanwhile: what one answer has found out, the others need not."""
        self.kept = {}
        try:
            yield
        finally:
            self.kept = None

    def own_run(self, name):
        for run in self.runs:
            if run.name == name and not run.pruned:
                return run
        raise Refused("P0002")

    def running_run(self, name):
        run = self.own_run(name)
        if run.completed:
            raise Refused("55000")
        return run

    @kept_while_still
    def runs_of(self, selection):
        return [run for run in self.runs if run.selection == selection]

    @kept_while_still
    def completed(self, selection):
        return [run for run in self.runs_of(selection) if run.completed]

    @kept_while_still
    def running(self, selection):
        return next((run for run in self.runs_of(selection) if not run.completed), None)

    def known_selection(self, selection):
        if not self.runs_of(selection):
            raise Refused("P0002")

    @kept_while_still
    def full_runs(self, selection):
        return [run for run in self.completed(selection) if run.mode == "full"]

    @kept_while_still
    def counting(self, selection, policy_type, which):
        """The runs that an absence of this type can be judged by."""
        return [run for run in self.full_runs(selection)
                if (run.covers if which == "latest" else run.vouches_for)(policy_type)]

    def baseline(self, selection, policy_type, which):
        wanted = self.counting(selection, policy_type, which)
        return wanted[-1] if wanted else None

    @kept_while_still
    def last_seen_by(self, selection):
        """Known items: number -> the completed run of the selection that last saw it."""
        return {number: run for run in self.completed(selection) for number in run.seen}

    @kept_while_still
    def missed_by(self, selection, number, which):
        """The runs that count and came after the one that last saw a known item."""
        last = self.last_seen_by(selection)[number]
        return [run for run in self.counting(selection, self.items[number].policy_type, which) if run.seq > last.seq]

    @kept_while_still
    def removals(self, selection, number):
        """The completed runs that ended with a known item removed, since it was last seen."""
        last = self.last_seen_by(selection)[number]
        return [run for run in self.completed(selection) if run.seq >= last.seq and number in run.removed]

    def is_missed(self, selection, number, which):
        """As far as completed runs go."""
        return bool(self.missed_by(selection, number, which) or self.removals(selection, number))

    def absence(self, selection, number, which):
        """Of a missing item. A removal is a miss of its own, unless the item is missing already."""
        missed, removals = self.missed_by(selection, number, which), self.removals(selection, number)
        first_removal = removals[:1] if removals and not (missed and missed[0].seq <= removals[0].seq) else []
        return Absence(len(missed) + len(first_removal), (first_removal or missed)[0], (removals or missed)[-1], bool(removals))

    @kept_while_still
    def missing(self, selection, which):
        """Known, not observed by the baseline nor by any later run, a running one too; or removed since it was observed."""
        running = self.running(selection)
        return {number for number in self.last_seen_by(selection)
                if self.is_missed(selection, number, which)
                and not (running and number in running.counts_as_seen)}

    def present(self, selection):
        return set(self.last_seen_by(selection)) - self.missing(selection, "latest_clean")

    def is_seen_elsewhere(self, selection, number, baseline):
        """A run of another selection, started after the baseline did, saw it, and that selection does not miss it."""
        later = self.runs[self.runs.index(baseline) + 1:]
        return any(number in (run.seen if run.completed else run.counts_as_seen) and run.selection != selection
                   and number not in self.missing(run.selection, "latest_clean") for run in later)

    def told_types(self, selection):
        """What missing_summary has rows for, whichever baseline is asked: known, started for, named by an error."""
        full = self.full_runs(selection)
        types = {self.items[number].policy_type for number in self.last_seen_by(selection)}
        types |= {policy_type for run in full for policy_type in run.policy_types or ()}
        return types | {e.policy_type for run in full for e in run.errors if e.policy_type is not None}

    @staticmethod
    def reasons(run, policy_type):
        """Of the latest baseline; one that vouches needs none."""
        found = [
            ("run_partial", run.status == "partial"),
            ("run_failed", run.status == "failed"),
            ("run_had_errors", bool(run.errors)),
            ("lease_expired", "lease_expired" in run.error_codes),
            ("short_of_expected", "short_of_expected" in run.error_codes),
            ("shrink_guard", "shrink_guard" in run.error_codes),
            ("nothing_observed", run.counts["observed"] == 0 or "nothing_observed" in run.error_codes),
            ("type_failed", policy_type is not None and any(e.policy_type == policy_type for e in run.errors)),
        ]
        return [reason for reason, holds in found if holds]

    @staticmethod
    def confidence(run):
        return "low" if run.status in ("partial", "failed") or run.errors else "high"

    def run_row(self, run):
        counts = run.counts
        return {
            "tenant_id": self.name, "run_id": run.name, "run_seq": run.seq, "selection_hash": run.selection,
            "selection": self.selections[run.selection], "status": run.status, "had_errors": bool(run.errors),
            "error_codes": run.error_codes, "error_count": len(run.errors), "correlation_id": run.correlation_id,
            "started_at": shown_time(run.started_at), "finished_at": shown_time(run.finished_at),
            "lease_expires_at": shown_time(run.lease_expires_at),
            "observed_count": counts["observed"], "inserted_count": counts["inserted"],
            "updated_count": counts["updated"], "unchanged_count": counts["unchanged"],
            "expected_items": run.expected_items, "removed_count": counts["removed"],
            "mode": run.mode, "policy_types": None if run.policy_types is None else sorted(run.policy_types, key=str.encode),
        }
