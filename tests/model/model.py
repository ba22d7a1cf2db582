"""The contract (DESIGN sections 3 and 4) once more, as a plain program over a log of observations.

Nothing here is stored that can be derived: a tenant is the list of its runs in the order in which they
started, what each of them saw, and the present content of its items. Every answer is worked out anew from
that log, with lists and dicts only, so that a reader can hold it against the contract line by line. The
extension does the same with bitmaps and folded sets; the two share no code.

Answers are dicts with the columns of the SQL functions. In the place of a run id stands the name that the
history gave to the run.
"""

import pickle
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contract import (
    ERROR_CODE_OF_STATUS, ERROR_CODES, EPOCH, OMITTED, STRENGTH,
    Refused, canonical, item_defect, readable_policy_type, selection_hash, shown_time,
)


@dataclass
class Settings:
    """What the test database is configured with."""
    lease: timedelta = timedelta(minutes=15)
    shrink_guard: float = 0.5
    shrink_guard_min_items: int = 20
    keeps_upstream_code: bool = True      # not before there is redact(): nothing unredacted is stored
    allowed_meta: dict = field(default_factory=dict)      # policy_type or '*' -> set of keys


@dataclass
class Item:
    number: int               # the model's own handle; a forgotten item that returns gets a new one
    policy_type: str
    external_id: str
    display_name: str | None
    meta: dict | None
    updated_at: datetime
    id_from: range            # the ids that its batch drew; order within a batch is not promised
    item_id: int | None = None    # learnt from the database, then fixed


@dataclass
class Error:
    code: str
    recorded_at: datetime
    upstream_code: str | None = None
    http_status: int | None = None
    policy_type: str | None = None


@dataclass
class Run:
    name: str
    selection: str            # its hash
    seq: int                  # counts the runs of this selection, from 1
    started_at: datetime
    lease: timedelta
    lease_expires_at: datetime
    correlation_id: str | None
    request_id: str | None
    status: str = "running"
    taken_over: bool = False
    finished_at: datetime | None = None
    expected_items: int | None = None
    errors: list = field(default_factory=list)
    seen: dict = field(default_factory=dict)      # item number -> strongest of inserted, updated, unchanged
    final_counts: dict | None = None              # a finished run keeps its counts, whatever is forgotten
    pruned: bool = False                          # listed no more; every answer is worked out as if it still were

    @property
    def completed(self):
        return self.status != "running"

    @property
    def clean_success(self):
        return self.status == "success" and not self.errors

    @property
    def error_codes(self):
        return sorted({error.code for error in self.errors})

    @property
    def counts(self):
        if self.final_counts is not None:
            return self.final_counts
        kinds = list(self.seen.values())
        return {"observed": len(kinds), **{kind: kinds.count(kind) for kind in STRENGTH}}

    def extend_lease(self, now):
        """From the last start, batch or heartbeat; a clock set back does not take time away."""
        self.lease_expires_at = max(self.lease_expires_at, now + self.lease)


class Tenant:
    """One tenant's runs, items and refusals, with the clock of its session."""

    def __init__(self, name, settings):
        self.name = name
        self.settings = settings
        self.clock = EPOCH
        self.runs = []            # in the order in which they started, over all selections
        self.items = {}           # number -> Item: the catalogue
        self.next_number = 1
        self.next_id = 1          # the tenant's counter of item ids
        self.selections = {}      # hash -> canonical value
        self.refusals = {}        # hash -> list of (reason, when)
        self.saved = []           # states of the open transaction: at BEGIN, then at each savepoint

    # ---- transactions -------------------------------------------------------------------------------

    def begin(self):
        self.saved.append(pickle.dumps({key: value for key, value in vars(self).items() if key != "saved"}))

    savepoint = begin

    def rollback_to(self, level):
        """Back to the state at savepoint `level` (0 is BEGIN); that savepoint stays."""
        vars(self).update(pickle.loads(self.saved[level]))
        del self.saved[level + 1:]

    def rollback(self):
        self.rollback_to(0)
        self.saved.clear()

    def commit(self):
        self.saved.clear()

    def set_clock(self, to):
        self.clock = to

    # ---- writing ------------------------------------------------------------------------------------

    def start_run(self, name, selection, correlation_id, request_id, lease, min_age):
        key = selection_hash(selection)

        def row(run_name, status, reason=None, blocking=None):
            return {"run_id": run_name, "status": status, "selection_hash": key, "reason": reason,
                    "blocking_run_id": blocking, "retry_after": True if reason else None}

        def refuse(reason, blocking=None):
            self.refusals.setdefault(key, []).append((reason, self.clock))
            return row(None, "skipped", reason, blocking)

        for run in self.runs:
            if request_id is not None and run.request_id == request_id and not run.pruned:
                return row(run.name, run.status)
        running = self.running(key)
        if running is not None:
            if running.lease_expires_at > self.clock:
                return refuse("already_running", running.name)
            self.take_over(running)
        clean = self.baseline(key, "latest_success")
        if min_age is not None and clean is not None and self.clock - clean.finished_at < min_age:
            return refuse("fresh")
        lease = lease or self.settings.lease
        self.selections.setdefault(key, canonical(selection))
        self.runs.append(Run(name, key, len(self.runs_of(key)) + 1, self.clock, lease, self.clock + lease,
                             correlation_id, request_id))
        return row(name, "running")

    def take_over(self, run):
        """The run is closed as failed; what it saw counts."""
        run.errors.append(Error("lease_expired", self.clock))
        run.taken_over = True
        self.close(run, "failed")

    def reap_expired_runs(self):
        expired = [run for run in self.runs if not run.completed and run.lease_expires_at <= self.clock]
        for run in expired:
            self.take_over(run)
        return len(expired)

    def upsert_items(self, run, items, on_bad_item):
        run = self.running_run(run)
        good = [raw for raw in items if item_defect(raw) is None]
        bad = [raw for raw in items if item_defect(raw) is not None]
        if bad and on_bad_item == "reject_batch":
            raise Refused("22023")
        for policy_type in {readable_policy_type(raw) for raw in bad}:
            # once per run and type, so that a replayed batch adds nothing
            if not any(e.code == "item_rejected" and e.policy_type == policy_type for e in run.errors):
                run.errors.append(Error("item_rejected", self.clock, policy_type=policy_type))
        last = {(raw["policy_type"], raw["external_id"]): raw for raw in good}
        stored = {(item.policy_type, item.external_id): item for item in self.items.values()}
        new = [key for key in last if key not in stored]
        ids = range(self.next_id, self.next_id + len(new))
        self.next_id += len(new)
        counts = dict.fromkeys(STRENGTH, 0)
        for key, raw in last.items():
            kind, number = self.observe(stored.get(key), raw, ids)
            counts[kind] += 1
            run.seen[number] = max(kind, run.seen.get(number, kind), key=STRENGTH.get)
        run.extend_lease(self.clock)
        return {"observed": len(last), **counts, "duplicates": len(good) - len(last), "rejected": len(bad),
                "dropped_meta_keys": sum(len(self.dropped_keys(raw)) for raw in good)}

    def observe(self, item, raw, ids):
        """Insert or change one item; gives (kind, number of the item)."""
        name, meta = raw.get("display_name", OMITTED), raw.get("meta", OMITTED)
        if isinstance(name, str):
            name = name[:1000]
        if isinstance(meta, dict):
            meta = {key: value for key, value in meta.items() if key not in self.dropped_keys(raw)}
        if item is None:
            number, self.next_number = self.next_number, self.next_number + 1
            self.items[number] = Item(number, raw["policy_type"], raw["external_id"],
                                      None if name is OMITTED else name, None if meta is OMITTED else meta,
                                      self.clock, ids)
            return "inserted", number
        name = item.display_name if name is OMITTED else name
        meta = item.meta if meta is OMITTED else meta
        if (name, meta) == (item.display_name, item.meta):
            return "unchanged", item.number
        item.display_name, item.meta, item.updated_at = name, meta, self.clock
        return "updated", item.number

    def dropped_keys(self, raw):
        allowed = self.settings.allowed_meta
        allowed = allowed.get("*", set()) | allowed.get(raw["policy_type"], set())
        return set(raw.get("meta") or {}) - allowed

    def heartbeat(self, run):
        run = self.running_run(run)
        run.extend_lease(self.clock)
        return shown_time(run.lease_expires_at)

    def record_error(self, run, error_code, message, http_status, policy_type):
        run = self.running_run(run)
        known = error_code is None or error_code in ERROR_CODES
        code = ERROR_CODE_OF_STATUS[http_status] if error_code is None else error_code if known else "unexpected"
        upstream_code = error_code if not known and self.settings.keeps_upstream_code else None
        run.errors.append(Error(code, self.clock, upstream_code, http_status, policy_type))

    def finish_run(self, run, status, expected_items):
        run = self.own_run(run)
        if run.taken_over or (run.completed and run.status != status):
            raise Refused("55000")
        if not run.completed:
            run.expected_items = expected_items
            observed = run.counts["observed"]
            if expected_items is not None and expected_items > observed:
                run.errors.append(Error("short_of_expected", self.clock))
            if self.shrank(run, observed) and expected_items != observed:
                run.errors.append(Error("shrink_guard", self.clock))
            self.close(run, status)
        return self.run_row(run)

    def shrank(self, run, observed):
        confirmed = [earlier for earlier in self.completed(run.selection)
                     if earlier.status == "success" and set(earlier.error_codes) <= {"shrink_guard"}]
        if not confirmed:
            return False
        reference = confirmed[-1].counts["observed"]
        return (reference >= self.settings.shrink_guard_min_items
                and observed < self.settings.shrink_guard * reference)

    def close(self, run, status):
        run.final_counts = run.counts
        run.status = status
        run.finished_at = self.clock

    def forget_items(self, keys):
        """The item and every observation of it: as if it had never been there."""
        gone = [item for item in self.items.values() if (item.policy_type, item.external_id) in keys]
        for item in gone:
            del self.items[item.number]
            for run in self.runs:
                run.seen.pop(item.number, None)
        return len(gone)

    def prune_runs(self, keep, keep_last):
        """Old runs are listed no more. The log keeps them: no other answer may change."""
        needed = set()
        for selection in self.selections:
            completed = self.completed(selection)
            needed |= {run.name for run in [run for run in completed if not run.pruned][-max(keep_last, 1):]}
            needed |= {name for last in self.last_seen_by(selection).values()
                       for name in (last.name, *(run.name for run in self.runs_of(selection) if run.seq == last.seq + 1))}
            successes = [run for run in completed if run.status == "success"]
            for wanted in (successes, [run for run in successes if not run.errors],
                           [run for run in successes if set(run.error_codes) <= {"shrink_guard"}]):
                needed |= {run.name for run in wanted[-1:]}
        pruned = [run for run in self.runs if run.completed and not run.pruned and run.name not in needed
                  and run.finished_at <= self.clock - keep]
        for run in pruned:
            run.pruned = True
        return len(pruned)

    def forget_missing(self, hash, min_missed_runs, min_age, dry_run):
        """What a clean run of the selection misses, long enough, and a clean run of each other one that knows it."""
        baseline = self.baseline(hash, "latest_success")
        seen_now = {number for run in self.runs if not run.completed for number in run.seen}
        gone = set()
        for number, last in self.missing(hash, "latest_success").items():
            others = [other for other in self.selections if other != hash and number in self.last_seen_by(other)]
            if (number not in seen_now and baseline.seq - last.seq >= min_missed_runs
                    and self.runs_of(hash)[last.seq].started_at <= self.clock - min_age
                    and all(number in self.missing(other, "latest_success") for other in others)):
                gone.add((self.items[number].policy_type, self.items[number].external_id))
        if not dry_run:
            self.forget_items(gone)
        return len(gone)

    def nonsense(self, sqlstate, **_):
        raise Refused(sqlstate)

    # ---- the words of the contract --------------------------------------------------------------------

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

    def runs_of(self, selection):
        return [run for run in self.runs if run.selection == selection]

    def completed(self, selection):
        return [run for run in self.runs_of(selection) if run.completed]

    def running(self, selection):
        return next((run for run in self.runs_of(selection) if not run.completed), None)

    def baseline(self, selection, which):
        wanted = [run for run in self.completed(selection) if which == "latest" or run.clean_success]
        return wanted[-1] if wanted else None

    def last_seen_by(self, selection):
        """Known items: number -> the completed run of the selection that last saw it."""
        return {number: run for run in self.completed(selection) for number in run.seen}

    def missing(self, selection, which):
        """Known, not observed by the baseline nor by any later run, a running one too."""
        baseline = self.baseline(selection, which)
        if baseline is None:
            return {}
        running = self.running(selection)
        return {number: run for number, run in self.last_seen_by(selection).items()
                if run.seq < baseline.seq and not (running and number in running.seen)}

    @staticmethod
    def reasons(run, policy_type=None):
        found = [
            ("run_partial", run.status == "partial"),
            ("run_failed", run.status == "failed"),
            ("run_had_errors", bool(run.errors)),
            ("lease_expired", "lease_expired" in run.error_codes),
            ("short_of_expected", "short_of_expected" in run.error_codes),
            ("shrink_guard", "shrink_guard" in run.error_codes),
            ("nothing_observed", run.counts["observed"] == 0),
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
            "expected_items": run.expected_items,
        }
