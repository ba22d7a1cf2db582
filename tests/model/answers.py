"""What the reading functions answer, worked out from a model tenant: one function here for one in SQL.

Rows are dicts with the columns of the SQL function, in the order that the function promises.
"""

from contract import BASELINES, shown_time
from model import Tenant


def inventory_items(tenant: Tenant):
    """first_seen and last_seen: of the oldest and newest run by start, of any selection, running ones too."""
    first_seen, last_seen = {}, {}
    for run in tenant.runs:
        for number in run.seen:
            first_seen.setdefault(number, run)
            last_seen[number] = run
    return sorted(({
        "tenant_id": tenant.name, "item_id": item.item_id, "policy_type": item.policy_type,
        "external_id": item.external_id, "display_name": item.display_name, "meta": item.meta,
        "first_seen_at": shown_time(first_seen[item.number].started_at), "updated_at": shown_time(item.updated_at),
        "last_seen_at": shown_time(last_seen[item.number].started_at),
        "last_seen_run_id": last_seen[item.number].name,
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
        latest, clean = (tenant.baseline(selection, which) for which in BASELINES)
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


def missing_items(tenant, selection, which):
    baseline = tenant.baseline(selection, which)
    catalogue = {row["item_id"]: row for row in inventory_items(tenant)}
    rows = []
    for number, last in tenant.missing(selection, which).items():
        item = catalogue[tenant.items[number].item_id]
        first_missed = tenant.runs_of(selection)[last.seq]       # seq counts from 1, so this is the next run
        rows.append({
            **{column: item[column] for column in (
                "item_id", "policy_type", "external_id", "display_name", "meta",
                "first_seen_at", "last_seen_at", "last_seen_run_id")},
            "missed_runs": baseline.seq - last.seq, "missing_since": shown_time(first_missed.started_at),
            "baseline_run_id": baseline.name, "confidence": tenant.confidence(baseline),
            "reasons": tenant.reasons(baseline, item["policy_type"]),
        })
    return sorted(rows, key=lambda row: row["item_id"])


def missing_summary(tenant, selection, which):
    baseline = tenant.baseline(selection, which)
    if baseline is None:
        return []
    known = tenant.last_seen_by(selection)
    missing = missing_items(tenant, selection, which)
    types = {tenant.items[number].policy_type for number in known}
    types |= {error.policy_type for error in baseline.errors if error.policy_type is not None}
    rows = []
    for policy_type in sorted(types, key=str.encode):
        known_here = [number for number in known if tenant.items[number].policy_type == policy_type]
        missing_here = [row for row in missing if row["policy_type"] == policy_type]
        oldest = max(missing_here, key=lambda row: row["missed_runs"], default={})      # by sequence, not by clock
        rows.append({
            "policy_type": policy_type, "known": len(known_here),
            "observed": len(known_here) - len(missing_here), "missing": len(missing_here),
            "newly_missing": len([row for row in missing_here if row["missed_runs"] == 1]),
            "oldest_missing_since": oldest.get("missing_since"),
            "error_codes": sorted({e.code for e in baseline.errors if e.policy_type in (policy_type, None)}),
            "confidence": tenant.confidence(baseline), "reasons": tenant.reasons(baseline, policy_type),
        })
    return rows


def explain_missing(tenant, selection, policy_type, external_id):
    number = next((item.number for item in tenant.items.values()
                   if (item.policy_type, item.external_id) == (policy_type, external_id)), None)
    running = tenant.running(selection)
    if running and number in running.seen:
        return [explained(running, "seen")]
    last = tenant.last_seen_by(selection).get(number)
    if last is None:
        return []
    missed = [run for run in tenant.completed(selection) if run.seq > last.seq]
    return [explained(run, "missed") for run in reversed(missed)] + [explained(last, "seen")]


def explained(run, verdict):
    return {"run_id": run.name, "run_seq": run.seq, "started_at": shown_time(run.started_at), "status": run.status,
            "had_errors": bool(run.errors), "error_codes": run.error_codes, "verdict": verdict}


def selection_status(tenant, selection):
    latest, clean = (tenant.baseline(selection, which) for which in BASELINES)
    running = tenant.running(selection)
    known, missing = tenant.last_seen_by(selection), tenant.missing(selection, "latest")
    return {
        "selection_hash": selection, "selection": tenant.selections.get(selection),
        "running_run_id": running and running.name,
        "latest_run_id": latest and latest.name, "latest_status": latest and latest.status,
        "latest_finished_at": shown_time(latest and latest.finished_at),
        "latest_success_run_id": clean and clean.name, "latest_success_at": shown_time(clean and clean.finished_at),
        "known_items": len(known), "observed_items": len(known) - len(missing), "missing_items": len(missing),
        "confirmed_missing": len(tenant.missing(selection, "latest_success")),
        "confidence": tenant.confidence(latest) if latest else "none",
        "reasons": tenant.reasons(latest) if latest else [],
    }


def run_changes(tenant, name):
    """What this run brought, against what its selection knew and what its predecessor saw."""
    run = tenant.own_run(name)
    earlier = [other for other in tenant.completed(run.selection) if other.seq < run.seq]
    known = {number for other in earlier for number in other.seen}
    predecessor = set(earlier[-1].seen) if earlier else set()
    seen = set(run.seen)
    changes = {
        "added": seen - known,
        "changed": {number for number, kind in run.seen.items() if kind == "updated"},
        "reappeared": (seen & known) - predecessor,
        "missing": predecessor - seen if run.completed else set(),
    }
    rows = []
    for change, numbers in changes.items():
        items = sorted((tenant.items[number] for number in numbers), key=lambda item: item.item_id)
        rows += [{"change": change, "item_id": item.item_id, "policy_type": item.policy_type,
                  "external_id": item.external_id, "display_name": item.display_name} for item in items]
    return rows
