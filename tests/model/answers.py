"""What the reading functions answer, worked out from a model tenant: one function here for one in SQL.

Rows are dicts with the columns of the SQL function, in the order that the function promises.
"""

from contract import shown_time
from model import Tenant


def inventory_items(tenant: Tenant):
    """first_seen and last_seen: of the oldest and newest run by start, of any selection, running ones too."""
    first_seen = {number: item.first_run for number, item in tenant.items.items() if item.first_run}
    last_seen = {}
    for run in tenant.runs:
        for number in run.seen:
            first_seen[number] = min(first_seen.get(number, (run.number, run.started_at)), (run.number, run.started_at))
            last_seen[number] = run
    return sorted(({
        "tenant_id": tenant.name, "item_id": item.item_id, "policy_type": item.policy_type,
        "external_id": item.external_id, "display_name": item.display_name, "meta": item.meta,
        "first_seen_at": shown_time(first_seen[item.number][1]), "updated_at": shown_time(item.updated_at),
        "last_seen_at": item.number in last_seen and shown_time(last_seen[item.number].started_at) or None,
        "last_seen_run_id": item.number in last_seen and last_seen[item.number].name or None,
    } for item in tenant.items.values()), key=lambda row: row["item_id"])


def inventory_sync_runs(tenant):
    return [tenant.run_row(run) for run in tenant.runs if not run.pruned]


def inventory_sync_errors(tenant):
    return [{
        "tenant_id": tenant.name, "run_id": run.name, "error_code": error.code,
        "upstream_code": error.upstream_code, "http_status": error.http_status,
        "policy_type": error.policy_type, "recorded_at": shown_time(error.recorded_at),
    } for run in tenant.runs if not run.pruned for error in run.errors]


def inventory_selections(tenant):
    rows = []
    for selection, value in sorted(tenant.selections.items()):
        latest, clean = latest_runs(tenant, selection)
        running = tenant.running(selection)
        refusals = tenant.refusals.get(selection, [])
        reason, refused_at = refusals[-1] if refusals else (None, None)
        rows.append({
            "tenant_id": tenant.name, "selection_hash": selection, "selection": value,
            "first_run_at": shown_time(tenant.runs_of(selection)[0].started_at),
            "latest_run_id": latest and latest.name, "latest_status": latest and latest.status,
            "latest_finished_at": shown_time(latest and latest.finished_at),
            "latest_success_at": shown_time(clean and clean.finished_at),
            "running_run_id": running and running.name,
            "refused_count": len(refusals), "last_refused_reason": reason, "last_refused_at": shown_time(refused_at),
        })
    return rows


def latest_runs(tenant, selection):
    """The latest full run, and the latest clean one."""
    full = tenant.full_runs(selection)
    clean = [run for run in full if run.clean]
    return full[-1] if full else None, clean[-1] if clean else None


def missing_items(tenant, selection, which):
    tenant.known_selection(selection)
    catalogue = {row["item_id"]: row for row in inventory_items(tenant)}
    rows = []
    for number in tenant.missing(selection, which):
        item = catalogue[tenant.items[number].item_id]
        absence = tenant.absence(selection, number, which)
        baseline = absence.baseline
        is_told = which == "latest" and not absence.is_removed
        reasons = tenant.reasons(baseline, item["policy_type"]) if is_told else ["removed"] * absence.is_removed
        rows.append({
            **{column: item[column] for column in (
                "item_id", "policy_type", "external_id", "display_name", "meta",
                "first_seen_at", "last_seen_at", "last_seen_run_id")},
            "missed_runs": absence.missed_runs, "missing_since": shown_time(absence.since.started_at),
            "baseline_run_id": baseline.name,
            "confidence": tenant.confidence(baseline) if is_told else "high",
            "reasons": reasons + ["seen_elsewhere"] * tenant.is_seen_elsewhere(selection, number, baseline),
        })
    return sorted(rows, key=lambda row: row["item_id"])


def missing_summary(tenant, selection, which):
    tenant.known_selection(selection)
    if not tenant.completed(selection):
        return []
    known = tenant.last_seen_by(selection)
    missing = missing_items(tenant, selection, which)
    # What the selection knows, what its runs were started for, what an error of its baseline names.
    types = {tenant.items[number].policy_type for number in known}
    types |= {policy_type for run in tenant.full_runs(selection) for policy_type in run.policy_types or ()}
    for policy_type in tenant.told_types(selection) - types:
        baseline = tenant.baseline(selection, policy_type, which)
        if baseline and any(error.policy_type == policy_type for error in baseline.errors):
            types.add(policy_type)
    rows = []
    for policy_type in sorted(types, key=str.encode):
        baseline = tenant.baseline(selection, policy_type, which)
        known_here = [number for number in known if tenant.items[number].policy_type == policy_type]
        missing_here = [row for row in missing if row["policy_type"] == policy_type]
        absences = [tenant.absence(selection, number, which) for number in tenant.missing(selection, which) if number in known_here]
        oldest = min((absence.since for absence in absences), key=lambda run: run.seq, default=None)   # by sequence, not by clock
        told = baseline is not None and which == "latest"
        rows.append({
            "policy_type": policy_type, "known": len(known_here),
            "observed": len(known_here) - len(missing_here), "missing": len(missing_here),
            "newly_missing": len([row for row in missing_here if row["missed_runs"] == 1]),
            "oldest_missing_since": shown_time(oldest and oldest.started_at),
            "error_codes": sorted({e.code for e in baseline.errors if e.policy_type in (policy_type, None)}) if told else [],
            "confidence": "none" if baseline is None else tenant.confidence(baseline) if told else "high",
            "reasons": tenant.reasons(baseline, policy_type) if told else [],
            "baseline_run_id": baseline and baseline.name,
            "baseline_at": shown_time(baseline and baseline.finished_at),
        })
    return rows


def explain_missing(tenant, selection, policy_type, external_id):
    tenant.known_selection(selection)
    number = next((item.number for item in tenant.items.values()
                   if (item.policy_type, item.external_id) == (policy_type, external_id)), None)
    running = tenant.running(selection)
    if running and number in running.counts_as_seen:
        return [explained(running, "seen")]
    last = tenant.last_seen_by(selection).get(number)
    if last is None:
        return []
    later = [run for run in tenant.completed(selection) if run.seq > last.seq]
    verdicts = ["removed" if number in run.removed else "missed" if run.vouches_for(policy_type) else "missed_unsure" if run.covers(policy_type) else "not_covered"
                for run in later]
    return [*reversed(list(map(explained, later, verdicts))), explained(last, "removed" if number in last.removed else "seen")]


def explained(run, verdict):
    return {"run_id": run.name, "run_seq": run.seq, "started_at": shown_time(run.started_at), "status": run.status,
            "had_errors": bool(run.errors), "error_codes": run.error_codes, "verdict": verdict}


def selection_status(tenant, selection):
    latest, clean = latest_runs(tenant, selection)
    running = tenant.running(selection)
    known, missing = tenant.last_seen_by(selection), tenant.missing(selection, "latest")
    # the latest baselines of the types that are known; where none is, the latest run itself
    types = {tenant.items[number].policy_type for number in known}
    told = [(baseline, policy_type) for policy_type in types
            if (baseline := tenant.baseline(selection, policy_type, "latest"))] or [(latest, None)] * (latest is not None)
    reasons = {reason for baseline, policy_type in told for reason in tenant.reasons(baseline, policy_type)}
    low = any(tenant.confidence(baseline) == "low" for baseline, _ in told)
    return {
        "selection_hash": selection, "selection": tenant.selections.get(selection),
        "running_run_id": running and running.name,
        "latest_run_id": latest and latest.name, "latest_status": latest and latest.status,
        "latest_finished_at": shown_time(latest and latest.finished_at),
        "latest_success_run_id": clean and clean.name, "latest_success_at": shown_time(clean and clean.finished_at),
        "known_items": len(known), "observed_items": len(known) - len(missing), "missing_items": len(missing),
        "confirmed_missing": len(tenant.missing(selection, "latest_clean")),
        "confidence": "low" if low else "high" if latest else "none",
        "reasons": sorted(reasons, key=ORDER_OF_REASONS.index), "cursor": tenant.cursors.get(selection),
    }


ORDER_OF_REASONS = ("run_partial", "run_failed", "run_had_errors", "lease_expired", "short_of_expected", "shrink_guard",
                    "nothing_observed", "type_failed")


def run_changes(tenant, name):
    rows = []
    for change, numbers in tenant.changes_by(tenant.own_run(name)).items():
        items = sorted((tenant.items[number] for number in numbers), key=lambda item: item.item_id)
        rows += [{"change": change, "item_id": item.item_id, "policy_type": item.policy_type,
                  "external_id": item.external_id, "display_name": item.display_name} for item in items]
    return rows


def run_progress(tenant):
    """previous_total: of the latest clean full run that covers the same types."""
    rows = []
    for run in tenant.runs:
        if not run.completed:
            alike = [other for other in tenant.full_runs(run.selection)
                     if other.clean and other.policy_types == run.policy_types]
            rows.append({"run_id": run.name, "observed": len(run.seen),
                         "previous_total": alike[-1].counts["observed"] if alike and run.mode == "full" else None})
    return rows


def type_counts(tenant, selection):
    tenant.known_selection(selection)
    return [{"run_id": run.name, "run_seq": run.seq, "finished_at": shown_time(run.finished_at),
             "policy_type": policy_type, "observed": run.type_counts[policy_type]}
            for run in tenant.full_runs(selection) if not run.pruned
            for policy_type in sorted(run.type_counts, key=str.encode)]


def short(item):
    return {"item_id": item.item_id, "policy_type": item.policy_type, "external_id": item.external_id,
            "display_name": item.display_name}


def present_items(tenant, selection):
    """Not missing by latest_clean; what the running run has observed so far is there, too."""
    tenant.known_selection(selection)
    running = tenant.running(selection)
    present = tenant.present(selection) | set(running.counts_as_seen if running else ())
    return sorted((short(tenant.items[number]) for number in present), key=lambda row: row["item_id"])


def gone_items(tenant):
    """Missing in every selection that knows it, and not observed by a running run of any."""
    seen_now = {number for run in tenant.runs if not run.completed for number in run.seen}
    last_seen_at = {row["item_id"]: row["last_seen_at"] for row in inventory_items(tenant)}
    rows = []
    for number, item in tenant.items.items():
        knowing = [selection for selection in tenant.selections if number in tenant.last_seen_by(selection)]
        if knowing and number not in seen_now and all(tenant.is_missed(selection, number, "latest_clean") for selection in knowing):
            since = [tenant.absence(selection, number, "latest_clean").since.started_at for selection in knowing]
            rows.append({**short(item), "last_seen_at": last_seen_at[item.item_id],
                         "missing_since": shown_time(max(since))})
    return sorted(rows, key=lambda row: row["item_id"])


def item_presence(tenant, policy_type, external_id):
    number = next((item.number for item in tenant.items.values()
                   if (item.policy_type, item.external_id) == (policy_type, external_id)), None)
    rows = []
    for selection in sorted(tenant.selections):
        seen = [run for run in tenant.runs_of(selection) if number in (run.seen if run.completed else run.counts_as_seen)]
        if not seen:
            continue
        is_missing = number in tenant.missing(selection, "latest_clean")
        absence = tenant.absence(selection, number, "latest_clean") if is_missing else None
        rows.append({
            "selection_hash": selection, "selection": tenant.selections[selection],
            "state": "missing" if absence else "present", "last_seen_at": shown_time(seen[-1].started_at),
            "missing_since": shown_time(absence.since.started_at) if absence else None,
            "confidence": "high" if absence else None,
            "reasons": absence and ["removed"] * absence.is_removed
                       + ["seen_elsewhere"] * tenant.is_seen_elsewhere(selection, number, absence.baseline) or [],
        })
    return rows


def stale_selections(tenant, older_than):
    rows = []
    for selection, value in tenant.selections.items():
        completed = tenant.completed(selection)
        clean = [run.finished_at for run in completed if run.clean]
        if (clean or [tenant.runs_of(selection)[0].started_at])[-1] <= tenant.clock - older_than:
            rows.append({
                "tenant_id": tenant.name, "selection_hash": selection, "selection": value,
                "latest_success_at": shown_time(clean[-1] if clean else None),
                "latest_status": completed[-1].status if completed else None,
                "error_codes": completed[-1].error_codes if completed else [],
            })
    return rows
