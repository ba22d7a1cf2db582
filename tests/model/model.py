"""The contract (DESIGN sections 3 and 4) once more, as a plain program over a log of observations.

Nothing here is stored that can be derived: a tenant is the list of its runs in the order in which they
started, what each of them saw, and the present content of its items. Every answer is worked out anew from
that log, with lists and dicts only, so that a reader can hold it against the contract line by line. The
extension does the same with bitmaps and folded sets; the two share no code.

Answers are dicts with the columns of the SQL functions. In the place of a run id stands the name that the
history gave to the run.
"""

import pickle
from collections import Counter
from dataclasses import replace

from contract import (
    BASELINES, ERROR_CODE_OF_STATUS, ERROR_CODES, EPOCH, OMITTED, STRENGTH,
    Refused, canonical, item_defect, key_is_good, readable_policy_type, selection_hash, shown_time,
)
from records import Error, Item, Run
from words import Words


class Tenant(Words):
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
        self.cursors = {}         # hash -> what the next delta asks with
        self.refusals = {}        # hash -> list of (reason, when)
        self.told_outside = []    # (hash, completed runs of the selection until then, change, item number)
        self.moved_types = []     # (hash, completed runs until then, old type, new type) of present items that were renamed
        self.starts = 0
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

    def start_run(self, name, selection, correlation_id, request_id, lease, min_age, policy_types=None, mode="full"):
        key = selection_hash(selection)
        policy_types = None if policy_types is None else frozenset(policy_types)
        if policy_types is not None and (not policy_types or None in policy_types
                                         or not all(key_is_good(policy_type, 200) for policy_type in policy_types)
                                         or mode == "delta"):
            raise Refused("22023")

        def row(run_name, status, reason=None, blocking=None):
            return {"run_id": run_name, "status": status, "selection_hash": key, "reason": reason,
                    "blocking_run_id": blocking, "retry_after": True if reason else None,
                    "cursor": self.cursors.get(key)}

        def refuse(reason, blocking=None):
            self.refusals.setdefault(key, []).append((reason, self.clock))
            return row(None, "skipped", reason, blocking)

        for run in self.runs:
            if request_id is not None and run.request_id == request_id and not run.pruned:
                if run.selection != key:            # replaced since
                    raise Refused("22023")
                return row(run.name, run.status)
        if mode == "delta" and key not in self.cursors:
            raise Refused("22023")
        running = self.running(key)
        if running is not None:
            if running.lease_expires_at > self.clock:
                return refuse("already_running", running.name)
            self.take_over(running)
        clean = [run for run in self.completed(key) if run.clean and (mode == "delta" or run.mode == "full" and (
            run.policy_types is None or policy_types is not None and policy_types <= run.policy_types))]
        if min_age is not None and clean and self.clock - clean[-1].finished_at < min_age:
            return refuse("fresh")
        lease = lease or self.settings.lease
        self.selections.setdefault(key, canonical(selection))
        self.starts += 1
        self.runs.append(Run(name, self.starts, key, len(self.runs_of(key)) + 1, self.clock, lease, self.clock + lease,
                             correlation_id, request_id, mode, policy_types))
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
            run.removed.discard(number)
        run.extend_lease(self.clock)
        return {"observed": len(last), **counts, "duplicates": len(good) - len(last), "rejected": len(bad),
                "dropped_meta_keys": sum(len(self.dropped_keys(raw)) for raw in good)}

    def remove_items(self, run, items):
        """Evidence: nothing is deleted. What the running run itself observed is known, too."""
        run = self.running_run(run)
        if any(item_defect(raw) is not None for raw in items):
            raise Refused("22023")
        keys = {(raw["policy_type"], raw["external_id"]) for raw in items}
        known = {number for number in {*self.last_seen_by(run.selection), *run.seen}
                 if (self.items[number].policy_type, self.items[number].external_id) in keys}
        run.removed |= known
        run.extend_lease(self.clock)
        return {"removed": len(known), "unknown": len(keys) - len(known)}

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
        code = error_code if error_code in ERROR_CODES else ERROR_CODE_OF_STATUS[http_status]
        upstream_code = error_code if not known and self.settings.keeps_upstream_code else None
        run.errors.append(Error(code, self.clock, upstream_code, http_status, policy_type, by_caller=True))

    def finish_run(self, run, status, expected_items, accept_shrink=False, cursor=None):
        run = self.own_run(run)
        if run.taken_over or (run.completed and run.status != status):
            raise Refused("55000")
        if not run.completed:
            if cursor and run.policy_types is not None:
                raise Refused("22023")
            run.expected_items = expected_items
            found = self.doubts(run, status, expected_items, accept_shrink)
            run.errors += [Error(code, self.clock, policy_type=policy_type) for code, policy_type in found]
            self.close(run, status)
            if run.clean and cursor is not None:
                self.cursors[run.selection] = cursor
                if cursor == "":
                    del self.cursors[run.selection]
        return self.run_row(run)

    def doubts(self, run, status, expected_items, accept_shrink):
        """What the guards say: pairs of error code and policy type."""
        if run.mode == "delta":
            return []
        ended = replace(run, status=status)
        by_caller = [error.policy_type for error in run.errors if error.by_caller]
        some_type = (run.policy_types or {object()}) - set(by_caller)      # without types there is always one more
        if not any(map(ended.judges, some_type)):
            return []
        types = {number: item.policy_type for number, item in self.items.items()}
        judged = Counter(types[number] for number in run.counts_as_seen if ended.judges(types[number]))
        observed = sum(judged.values())
        found = []
        if expected_items is not None and (
                run.counts["observed"] < expected_items * (1 - self.settings.expected_tolerance)):
            found.append(("short_of_expected", None))
        was_there = [number for number in self.present(run.selection) - run.removed if ended.judges(types[number])]
        if was_there and not observed and expected_items != 0:
            found.append(("nothing_observed", None))
        # what the run itself removed is not expected
        removed = Counter(types[number] for number in self.removed_by(run))
        references = {policy_type: reference - removed[policy_type] for policy_type, reference in self.references(run).items()
                      if ended.judges(policy_type)}
        if not accept_shrink:
            if self.shrank(observed, sum(references.values())):
                found.append(("shrink_guard", None))
            found += [("shrink_guard", policy_type) for policy_type, reference in references.items()
                      if self.shrank(judged[policy_type], reference)]
        return found

    def removed_by(self, run):
        """What this run removed of what was there, or of what it added itself."""
        last = self.last_seen_before(run)
        return {number for number in run.removed if number not in last or not self.was_told_missing(run, number)}

    def last_seen_before(self, run):
        return {number: other for other in self.completed(run.selection) if other.seq < run.seq for number in other.seen}

    def was_told_missing(self, run, number):
        """By an earlier run that vouches or removed it, since it was last seen before this run."""
        last = self.last_seen_before(run)[number]
        return (any(last.seq < other.seq < run.seq
                    for other in self.counting(run.selection, self.items[number].policy_type, "latest_clean"))
                or any(last.seq <= other.seq < run.seq and number in other.removed for other in self.completed(run.selection)))

    def shrank(self, observed, reference):
        return (reference >= self.settings.shrink_guard_min_items
                and observed < self.settings.shrink_guard * reference)

    def references(self, run):
        """Of each type, what the latest run before this one observed that is a reference for it.

        A present item that got another type since counts under that."""
        found = {}
        for count, earlier in enumerate(self.completed(run.selection), 1):
            if earlier.seq < run.seq and earlier.type_counts is not None:
                # A type whose items were all forgotten is not counted any more: it observed none of it.
                found |= {policy_type: earlier.type_counts.get(policy_type, 0)
                          for policy_type in found.keys() | earlier.type_counts.keys() if earlier.is_reference_for(policy_type)}
            for selection, until, old, new in self.moved_types:
                if (selection, until) == (run.selection, count) and found.get(old, 0) > 0:
                    found[old] -= 1
                    found[new] = found.get(new, 0) + 1
        return found

    def close(self, run, status):
        run.changed = self.changed_by(run)
        run.final_counts = run.counts
        run.status = status
        run.finished_at = self.clock
        if run.mode == "full":
            known = {self.items[number].policy_type for number in self.last_seen_by(run.selection)}
            seen = Counter(self.items[number].policy_type for number in run.counts_as_seen)
            run.type_counts = {policy_type: seen[policy_type] for policy_type in known
                               if run.covers(policy_type) or policy_type in seen}
        run.told = self.changes_by(run)

    def changes_by(self, run):
        """What this run brings: new to its selection, changed, back after it was told missing, told missing by this run."""
        if run.told is not None:
            return run.told
        last = self.last_seen_before(run)
        seen = set(run.seen)
        missing = set()
        if run.completed:
            missing = self.removed_by(run) | {
                number for number in set(last) - seen if not self.was_told_missing(run, number)
                and run.vouches_for(self.items[number].policy_type)}
        return {
            "added": seen - set(last),
            "changed": set(self.changed_by(run)),
            "reappeared": {number for number in run.counts_as_seen & set(last) if self.was_told_missing(run, number)},
            "missing": missing,
        }

    def changed_by(self, run):
        """Told once a tenant: who adds an item to its selection does not also tell that it changed."""
        if run.changed is not None:
            return run.changed
        known_here = {number for other in self.completed(run.selection) if other.seq < run.seq for number in other.seen}
        known_elsewhere = {number for other in self.runs if other.completed and other.selection != run.selection
                           for number in other.seen}
        return frozenset(number for number, kind in run.seen.items()
                         if kind == "updated" and number in known_here | known_elsewhere)

    def forget_items(self, keys):
        """The item and every observation of it: as if it had never been there."""
        gone = [item for item in self.items.values() if (item.policy_type, item.external_id) in keys]
        for item in gone:
            del self.items[item.number]
            for run in self.runs:
                run.seen.pop(item.number, None)
                run.removed.discard(item.number)
                run.changed = run.changed and run.changed - {item.number}
                run.told = run.told and {change: numbers - {item.number} for change, numbers in run.told.items()}
            self.told_outside = [told for told in self.told_outside if told[-1] != item.number]
        return len(gone)

    def rename_item(self, key, to):
        """Same item, same history. Of another type, it is judged by the runs that vouch for that."""
        by_key = {(item.policy_type, item.external_id): item for item in self.items.values()}
        if not (key_is_good(to[0], 200) and key_is_good(to[1], 2048)):
            raise Refused("22023")
        if key not in by_key:
            raise Refused("P0002")
        if to in by_key and to != key:
            raise Refused("23505")
        item = by_key[key]
        knowing = [selection for selection in self.selections if item.number in self.last_seen_by(selection)]
        before = {selection: self.is_missed(selection, item.number, "latest_clean") for selection in knowing}
        item.policy_type, item.external_id = to
        for selection in knowing:
            after = self.is_missed(selection, item.number, "latest_clean")
            until = len(self.completed(selection))
            if key[0] != to[0] and not before[selection]:
                self.moved_types.append((selection, until, key[0], to[0]))
            if after != before[selection]:
                self.told_outside.append((selection, until, "missing" if after else "reappeared", item.number))

    def at_rest(self, selection):
        self.known_selection(selection)
        if self.running(selection):
            raise Refused("55000")

    def replace_selection(self, hash, selection):
        """Everything goes on under the new hash; the cursor belongs to the old list."""
        self.at_rest(hash)
        new = selection_hash(selection)
        if self.runs_of(new):
            raise Refused("55000")
        for run in self.runs_of(hash):
            run.selection = new
        del self.selections[hash]
        self.selections[new] = canonical(selection)
        self.cursors.pop(hash, None)
        self.refusals[new] = self.refusals.pop(hash, [])
        self.told_outside = [(new if told[0] == hash else told[0], *told[1:]) for told in self.told_outside]
        self.moved_types = [(new if moved[0] == hash else moved[0], *moved[1:]) for moved in self.moved_types]
        return new

    def forget_selection(self, hash):
        """The selection and its runs: what was known by them alone is an orphan. When an item was first seen stays."""
        self.at_rest(hash)
        for run in reversed(self.runs_of(hash)):
            for number in run.seen:
                item = self.items[number]
                item.first_run = min(item.first_run or (run.number, run.started_at), (run.number, run.started_at))
        self.runs = [run for run in self.runs if run.selection != hash]
        for kept in (self.selections, self.cursors, self.refusals):
            kept.pop(hash, None)
        self.told_outside = [told for told in self.told_outside if told[0] != hash]
        self.moved_types = [moved for moved in self.moved_types if moved[0] != hash]
        return len(self.orphans())

    def orphans(self):
        """Known to no selection, and no running run has observed it."""
        return set(self.items) - {number for run in self.runs for number in run.seen}

    def forget_orphans(self, dry_run):
        orphans = self.orphans()
        if not dry_run:
            self.forget_items({(self.items[number].policy_type, self.items[number].external_id) for number in orphans})
        return len(orphans)

    def prune_runs(self, keep, keep_last):
        """Old runs are listed no more. The log keeps them: no other answer may change."""
        needed = set()
        for selection in self.selections:
            needed |= {run.name for run in [run for run in self.completed(selection) if not run.pruned][-max(keep_last, 1):]}
            needed |= {last.name for last in self.last_seen_by(selection).values()}
            needed |= {runs[-1].name for number in self.last_seen_by(selection) for runs in [self.removals(selection, number)] if runs}
            # the latest run of each kind, and the latest clean one
            for kind in {(run.mode, run.policy_types) for run in self.completed(selection)}:
                alike = [run for run in self.completed(selection) if (run.mode, run.policy_types) == kind]
                needed |= {run.name for wanted in (alike, [run for run in alike if run.clean]) for run in wanted[-1:]}
            needed |= {run.name for run in [run for run in self.completed(selection) if run.clean][-1:]}
            # a type that nobody has seen yet may still get these baselines
            needed |= {baseline.name for policy_type in self.told_types(selection) | {object()} for which in BASELINES
                       for baseline in [self.baseline(selection, policy_type, which)] if baseline}
        pruned = [run for run in self.runs if run.completed and not run.pruned and run.name not in needed
                  and run.finished_at <= self.clock - keep]
        for run in pruned:
            run.pruned = True
        return len(pruned)

    def forget_missing(self, hash, min_missed_runs, min_age, dry_run):
        """What clean runs of the selection miss, long enough, and no other selection that knows it still has."""
        self.known_selection(hash)
        seen_now = {number for run in self.runs if not run.completed for number in run.seen}
        gone = set()
        for number in self.missing(hash, "latest_clean"):
            absence = self.absence(hash, number, "latest_clean")
            others = [other for other in self.selections if other != hash and number in self.last_seen_by(other)]
            if (number not in seen_now and (absence.is_removed or absence.missed_runs >= min_missed_runs)
                    and absence.since.started_at <= self.clock - min_age
                    and all(number in self.missing(other, "latest_clean") for other in others)):
                gone.add((self.items[number].policy_type, self.items[number].external_id))
        if not dry_run:
            self.forget_items(gone)
        return len(gone)

    def forget_tenant(self):
        """Everything: the tenant begins anew."""
        forgotten = len(self.items)
        self.runs, self.items, self.next_id = [], {}, 1
        self.selections, self.cursors, self.refusals = {}, {}, {}
        self.told_outside, self.moved_types = [], []
        return forgotten

    def follow(self, page):
        """Another program reads the feed: nothing changes here."""

    def nonsense(self, sqlstate, **_):
        raise Refused(sqlstate)
