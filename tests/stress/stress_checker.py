"""Proves from a history that the promises held. Each check yields one sentence for each broken promise.

A client only knows a stretch of time in which something happened. So what a check calls live, observed or in force is what was so
for certain, whatever the truth in those stretches: a sentence that comes out is a fault. What is unknown (a connection lost
in COMMIT) may be either.
"""

import itertools
import math

from stress_history import COMMITTED, ROLLED_BACK, UNKNOWN

SIGNS_OF_LIFE = ("start_run", "upsert_items", "heartbeat", "record_throttle")
GUARDED = ("upsert_items", "heartbeat", "record_error", "record_throttle")
LIMIT_TAKES_EFFECT = 2.0        # seconds until every session has read a changed configuration
LOST_ITS_PLACE = "run has lost its place"       # not over: it may get another
EXPECTED_SQLSTATES = {"55000": (*GUARDED, "finish_run"), "22023": ("upsert_items",)}


def faults(history):
    for check in (exclusion, order, limits, tenant_limits, starts, closed_runs, finishes, batches, names, missing, sqlstates):
        for sentence in check(history):
            yield f"{check.__name__}: {sentence}"


# --- one live run a selection

def stretches(history):
    """(tenant, selection) -> [(from, to, run, may have lapsed before)]: when runs held their lease, for certain."""
    found = {}
    for run_id, calls in history.of_run().items():
        run = history.tables.runs.get(run_id)
        if not run:
            continue
        cut = min((c.sent for c in calls if c.function == "finish_run" and c.may_count and not c.sqlstate), default=math.inf)
        held_until, lapsed = None, False
        for call in calls:
            if call.function in SIGNS_OF_LIFE and call.counts and not call.is_repeated:
                # the slot outlives the lease by a tenth, but no longer
                lapsed = lapsed or held_until is not None and call.replied > held_until
                held_until = max(held_until or 0, call.sent + run.lease)
                if call.replied < min(held_until, cut):
                    found.setdefault((run.tenant, run.selection), []).append(
                        (call.replied, min(call.sent + run.lease, cut), run, lapsed))
    return {selection: sorted((s for s in of_one if s[0] < s[1]), key=lambda s: s[:2]) for selection, of_one in found.items()}


def exclusion(history):
    for selection, held in stretches(history).items():
        latest = None
        for stretch in held:
            if latest and stretch[0] < latest[1] and stretch[2] is not latest[2]:
                yield (f"{selection}: run {stretch[2].run_id} was live at {stretch[0]:.3f}, and so was "
                       f"{latest[2].run_id} until {latest[1]:.3f}")
            if not latest or stretch[1] > latest[1]:
                latest = stretch


def order(history):
    """run_seq without gaps, and each run over before the next one began."""
    by_selection = {}
    for run in history.tables.runs.values():
        by_selection.setdefault((run.tenant, run.selection), []).append(run)
    for selection, runs in by_selection.items():
        runs.sort(key=lambda r: r.run_seq)
        if [r.run_seq for r in runs] != list(range(1, len(runs) + 1)):
            yield f"{selection}: run_seq has gaps: {[r.run_seq for r in runs]}"
        for earlier, later in itertools.pairwise(runs):
            if earlier.finished_at is None or earlier.finished_at > later.started_at:
                yield f"{selection}: run {later.run_seq} began before {earlier.run_seq} was over"


# --- limits

def limit_between(history, tenant, since, until):
    """The highest limit that a start between the two instants may have read. Of settings at the same time any may have won."""
    settings = [(limit, sent, answered) for whose, limit, sent, answered in history.limits if whose == tenant and sent <= until]
    settled = max((sent for _, sent, answered in settings if answered + LIMIT_TAKES_EFFECT <= since), default=-math.inf)
    possible = [limit for limit, _, answered in settings if answered >= settled]
    return math.inf if -1 in possible else max(possible)


def starts_that_count(history):
    for call in history.calls:
        if call.function == "start_run" and call.counts and not call.is_repeated and call.run in history.tables.runs:
            yield call


def overlaps(history, *, with_lapsed=False):
    """(start, how many runs held a lease through it and with it, limit): over all tenants."""
    held = [stretch for of_one in stretches(history).values() for stretch in of_one]
    for start in starts_that_count(history):
        through = {s[2].run_id for s in held
                   if s[0] <= start.sent and s[1] >= start.replied and (with_lapsed or not s[3])} | {start.run}
        yield start, len(through), limit_between(history, None, start.sent, start.replied)


def limits(history):
    for start, together, limit in overlaps(history):
        if together > limit:
            yield f"{together} runs of at most {limit} at the start of {start.run} at {start.sent:.3f}"


def tenant_overlaps(history):
    """The same of each tenant, by the server's own times: a run holds its place until it is closed."""
    runs = history.tables.runs
    by_tenant = {}
    for run in runs.values():
        by_tenant.setdefault(run.tenant, []).append(run)
    for start in starts_that_count(history):
        run = runs[start.run]
        through = [r for r in by_tenant[run.tenant]
                   if r.started_at <= run.started_at and (r.finished_at is None or r.finished_at > run.started_at)]
        yield start, len(through), limit_between(history, run.tenant, start.sent, start.replied)


def tenant_limits(history):
    for start, together, limit in tenant_overlaps(history):
        if together > limit:
            yield f"{together} runs of at most {limit} of {start.args['tenant']} at the start of {start.run} at {start.sent:.3f}"


# --- what was acknowledged is there, what was refused is not

def starts(history):
    """Runs that were acknowledged exist, those that were rolled back do not, and none comes from nowhere."""
    runs, logged, by_request = history.tables.runs, set(), {}
    may_exist = {}
    for call in history.calls:
        if call.function != "start_run":
            continue
        if call.run:
            logged.add(call.run)
            if call.counts and call.run not in runs:
                yield f"run {call.run} was acknowledged and is gone"
            if call.outcome == ROLLED_BACK and call.run in runs and not call.is_repeated:
                yield f"run {call.run} was rolled back and is there"
            if call.counts and call.args["request_id"]:
                if by_request.setdefault(call.args["request_id"], call.run) != call.run:
                    yield f"request {call.args['request_id']} got two runs"
        elif call.result is None and call.may_count:
            place = call.args["tenant"], call.args["selection"]["s"]
            may_exist[place] = may_exist.get(place, 0) + 1
    for run in runs.values():
        if run.run_id not in logged:
            place = run.tenant, run.selection
            may_exist[place] = may_exist.get(place, 0) - 1
            if may_exist[place] < 0:
                yield f"run {run.run_id} was started by nobody"


def closed_runs(history):
    """After a run is known to be over, nothing is written into it."""
    over = {}           # run -> when that was known
    for run_id, calls in history.of_run().items():
        ends = [c.ended for c in calls if c.function == "finish_run" and c.counts]
        ends += [c.replied for c in calls if c.sqlstate == "55000" and not c.message.startswith(LOST_ITS_PLACE)]
        over[run_id] = min(ends, default=math.inf)
    for start in starts_that_count(history):        # it closed what was there before
        run = history.tables.runs[start.run]
        for earlier in history.tables.completed(run.tenant, run.selection):
            if earlier.run_seq < run.run_seq:
                over[earlier.run_id] = min(over.get(earlier.run_id, math.inf), start.ended)
    for run_id, calls in history.of_run().items():
        for call in calls:
            if call.function in GUARDED and call.counts and call.sent > over[run_id]:
                yield f"{call.function} into run {run_id} at {call.sent:.3f}, over since {over[run_id]:.3f}"


def finishes(history):
    """What finish_run answered is what the table shows; a run that was taken over cannot be finished."""
    for run_id, calls in history.of_run("finish_run").items():
        run = history.tables.runs.get(run_id)
        for call in calls:
            if not call.counts or not run:
                continue
            stored = {"status": run.status, "observed_count": run.observed, "inserted_count": run.inserted,
                      "updated_count": run.updated, "unchanged_count": run.unchanged, "run_seq": run.run_seq}
            if stored != call.result or call.result["status"] != call.args["status"]:
                yield f"finish_run of {run_id} gave {call.result}, stored is {stored}"
            if "lease_expired" in run.error_codes:
                yield f"finish_run of {run_id} was acknowledged, and it was taken over"


def observed_in(call):
    return {(i["policy_type"], i["external_id"]) for i in call.args["items"] if "external_id" in i}


def batches_of(history):
    """run_id -> (batches that were committed, batches of unknown outcome)"""
    found = {run_id: ([], []) for run_id in history.tables.runs}
    for run_id, calls in history.of_run("upsert_items").items():
        if run_id in found:
            found[run_id] = ([c for c in calls if c.counts], [c for c in calls if c.outcome == UNKNOWN])
    return found


def is_lasting(key):
    return key[0] != "tmp"


def batches(history):
    """The count of each run is that of its committed batches, with some of the unknown ones, each whole or not at all."""
    tables = history.tables
    inserted, forgets = {}, set()
    for run_id, (known, unknown) in batches_of(history).items():
        run = tables.runs[run_id]
        keys = set().union(*map(observed_in, known))
        fits = False
        for some in itertools.product((False, True), repeat=min(len(unknown), 12)):
            possible = keys.union(*(observed_in(call) for call, there in zip(unknown, some) if there))
            fits = fits or len(set(filter(is_lasting, possible))) <= run.observed <= len(possible)
        if not fits:
            yield f"run {run_id} counts {run.observed} items, {len(keys)} were acknowledged, {len(unknown)} batches are unknown"
        for policy_type, external_id in filter(is_lasting, keys):
            if (run.tenant, policy_type, external_id) not in tables.items:
                yield f"{policy_type}/{external_id} of {run.tenant} was acknowledged and is gone"
        inserted[run.tenant] = inserted.get(run.tenant, 0) + run.inserted
        forgets |= {run.tenant for key in keys if not is_lasting(key)}
    for tenant in inserted.keys() - forgets:
        items = sum(1 for key in tables.items if key[0] == tenant)
        if items != inserted[tenant]:
            yield f"{tenant} has {items} items, its runs inserted {inserted[tenant]}"


def names(history):
    """A name is the last one written, or one that was written while that one was."""
    written = {}
    for call in history.calls:
        if call.function == "upsert_items" and call.may_count:
            for item in call.args["items"]:
                if "display_name" in item:
                    key = call.args["tenant"], item["policy_type"], item["external_id"]
                    written.setdefault(key, []).append((call, item["display_name"]))
    for key, name in history.tables.items.items():
        if not is_lasting(key[1:]):
            continue
        writes = written.get(key, [])
        last_for_certain = max((c.sent for c, _ in writes if c.counts), default=-math.inf)
        # an unknown one may have been at work for a while after its client lost it
        possible = {n for c, n in writes if c.ended >= last_for_certain} | ({None} if last_for_certain == -math.inf else set())
        if name not in possible:
            yield f"{key} is called {name}, and should be one of {possible}"


def missing(history):
    """What is known, which run saw it last, and what is missing, all from the log of observations."""
    tables = history.tables
    observed, maybe = {}, {}        # (tenant, selection, *key) -> run_seq
    for run_id, (known, unknown) in batches_of(history).items():
        run = tables.runs[run_id]
        for into, calls in ((observed, known), (maybe, unknown)):
            for key in set().union(*map(observed_in, calls)):
                if is_lasting(key):
                    into.setdefault((run.tenant, run.selection, *key), set()).add(run.run_seq)
    for key in observed.keys() | maybe.keys() | tables.seen.keys():
        if not is_lasting(key[2:]):
            continue
        at_least, seen = max(observed.get(key, {0})), tables.seen.get(key, 0)
        if not (seen == at_least or seen > at_least and seen in maybe.get(key, ())):
            yield f"{key} was last seen by run {seen}; run {at_least} acknowledged it, and maybe {maybe.get(key)}"
        completed = tables.completed(*key[:2])
        should = 0 < seen < completed[-1].run_seq
        if should != (key in tables.missing):
            yield f"{key} is {'not ' if should else ''}missing; run {seen} of {completed[-1].run_seq} saw it last"
    yield from (f"{key} is missing and was never seen" for key in tables.missing if key not in tables.seen)


def sqlstates(history):
    for call in history.calls:
        if call.sqlstate and not call.sqlstate.startswith("57P") and call.function not in EXPECTED_SQLSTATES.get(call.sqlstate, ()):
            yield f"{call.function} raised {call.sqlstate}: {call.message}"
        if call.function == "status" and call.result and \
                call.result["known_items"] != call.result["observed_items"] + call.result["missing_items"]:
            yield f"selection_status does not add up: {call.result}"


# --- refusals, for the figures: a refusal may be hasty, but should have a reason

def hasty_refusals(history):
    """Refused `already_running` though no run of the selection, nor a start of one, was there even by the widest reading."""
    by_selection = {}
    for call in history.calls:
        if call.function == "start_run":
            by_selection.setdefault((call.args["tenant"], call.args["selection"]["s"]), []).append(call)
    for place, calls in by_selection.items():
        for refused in calls:
            if not refused.result or refused.result["reason"] != "already_running" or refused.result["blocking_run_id"]:
                continue
            if not any(c is not refused and c.sent <= refused.replied and min(c.ended, c.sent + 5) >= refused.sent
                       for c in calls):
                yield place, refused


def outcomes(history):
    counted = {}
    for call in history.calls:
        word = call.outcome if call.outcome != COMMITTED else "acknowledged"
        if call.sqlstate and not call.sqlstate.startswith("57P"):
            word = call.sqlstate
        elif call.function == "start_run" and call.counts:
            word = call.result["reason"] or call.result["status"]
        counted.setdefault(call.function, {}).setdefault(word, 0)
        counted[call.function][word] += 1
    return counted
