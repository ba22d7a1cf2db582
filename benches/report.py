"""RESULTS.md: what was measured, on what, and which targets it meets."""

import chart
import runs
from targets import NAMES, judged_size, targets

SCENARIOS = {"first": "first sync", "resync": "unchanged re-sync", "changed": "1 % changed", "vanished": "10 % vanished"}


def write(out, figures, facts):
    out.mkdir(parents=True, exist_ok=True)
    (out / "RESULTS.md").write_text(text(figures, facts), "utf-8")
    (out / "results.svg").write_text(chart.draw(figures, judged_size(figures), facts["batches"][0]), "utf-8")
    (out / "runs.svg").write_text(chart.draw_runs(figures, runs.SIZES, runs.RACING), "utf-8")
    (out / "results.json").write_text(figures.as_json(facts), "utf-8")


def number(value, digits=None):
    if value is None:
        return "–"
    if digits is None:
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 or value == 0 else 4
    return f"{value:,.{digits}f}"


def size_name(size):
    return f"{size:,}"


def table(head, rows):
    """The first column is words, the others are figures."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def text(figures, facts):
    parts = [heading(facts), judged(figures, facts), syncs(figures, facts), growth(figures), questions(figures),
             of_ours(figures), burdens(figures, facts), small_runs(figures), memory(figures), pure(figures)]
    return "\n".join(part for part in parts if part)


def heading(facts):
    settings = ", ".join(f"{name} {value}" for name, value in facts["settings"].items())
    rounds = ", ".join(f"{count} at {int(size):,}" for size, count in facts["rounds"].items())
    load = f"{facts['load']:.1f} (1.0 to 1.5 when nothing else runs)"
    quick = "**A quick run, for the test of the harness: these figures say nothing.**\n\n" if facts["quick"] else ""
    return f"""# Results of the benchmark

{quick}Written by `make bench`; do not edit. Run on {facts["began"]}, {facts["minutes"]:.0f} minutes, at commit {facts["commit"]}.

* {facts["server"].split(" on ")[0]}, inventory_core {facts["extension"]}, release build
* {facts["cpu"]}, {facts["cores"]} cores, {facts["memory"] / 2**30:.0f} GB; load average of the last 15 minutes {load}
* {settings}
* items of about 430 bytes with 8 meta keys; batches of {" and ".join(map(size_name, facts["batches"]))}
* rounds of the re-sync: {rounds}

All contestants run in one server, in turn, each in a database of its own, with a plain role and a tenant column. Timed is
the round trip of each statement on a socket with bound parameters and the JSON made beforehand; a sync is its start, its
batches and its end. Figures are medians. VACUUM ANALYZE runs between the rounds and is not timed, and nobody pays for the full
pages that follow a checkpoint: both favour those who write most. The statements are in [contestants/](contestants).

* **ours**: this extension, with row-level security
* **naive**: one wide row an item, `ON CONFLICT DO UPDATE` of all columns, indexes on the last-seen columns
* **tuned**: the same without those indexes and with fillfactor 70, so that updates are HOT
* **digest**: tuned, written only where the content changed; last-seen in a narrow table

The others have no row-level security, one selection, no counts of a run and no memory of earlier runs.
"""


def judged(figures, facts):
    size = judged_size(figures)
    batch = facts["batches"][0]
    rows = [[target.what, f"at most {number(target.limit)} {target.unit}".strip(),
             f"{number(target.measured)} {target.unit}".strip() if target.measured is not None else "–", target.verdict()]
            for target in targets(figures, batch)]
    met, unknown = (sum(row[3] == verdict for row in rows) for verdict in ("met", "not measured"))
    return (f"## Targets, at {size:,} items and batches of {batch:,}\n\n{met} of {len(rows) - unknown} are met"
            f"{f', {unknown} not measured' if unknown else ''}.\n\n"
            + table(["", "target", "measured", ""], rows))


def syncs(figures, facts):
    found = []
    for size in figures.sizes():
        for batch in facts["batches"]:
            rows = []
            for scenario, name in SCENARIOS.items():
                for unit, measure in (("µs an item", "us"), ("WAL bytes an item", "wal"), ("dead tuples", "dead"),
                                      ("finish, ms", "finish_ms")):
                    values = [figures.median(f"{scenario}.{measure}", size, who, batch) for who in NAMES]
                    if any(value is not None for value in values):
                        rows.append([f"{name}: {unit}", *(number(value) for value in values)])
            if rows:
                found.append(f"### {size:,} items, batches of {batch:,}\n\n" + table(["", *NAMES], rows))
    return "## Syncs\n\n" + "\n".join(found) if found else ""


def growth(figures):
    rows = []
    for size in figures.sizes():
        for kind, name in (("tables", "tables"), ("indexes", "indexes")):
            cells = []
            for who in NAMES:
                before, after = (figures.median(f"growth.{kind}.{when}", size, who) for when in ("before", "after"))
                cells.append("–" if before is None else
                             f"{before / 1e6:,.1f} → {after / 1e6:,.1f} ({(after - before) / 1e6:+,.2f})")
            if any(cell != "–" for cell in cells):
                rows.append([f"{size:,} items, {name}, MB", *cells])
    return "## Growth over 20 unchanged re-syncs, VACUUM after each\n\n" + table(["", *NAMES], rows) if rows else ""


def questions(figures):
    rows = []
    for size in figures.sizes():
        few = figures.answers.get(("missing: a few", size), {"": 0})
        for measure, name in (("missing.none", "missing items, none missing"),
                              ("missing.a few", f"missing items, {max(few.values()):,} missing"),
                              ("missing.all", "missing items, all missing"), ("point", "one item by its key"),
                              ("start_run", "start of a run"), ("finish_empty_run", "end of an empty run")):
            values = [figures.median(measure, size, who) for who in NAMES]
            if any(value is not None for value in values):
                rows.append([f"{size:,} items: {name}", *(number(value) for value in values)])
    return "## Questions, ms\n\n" + table(["", *NAMES], rows) if rows else ""


def of_ours(figures):
    names = {"copy_view": "full read of the view, as COPY writes it, ms", "copy_twin": "full read of its twin, likewise, ms",
             "copy_plain": "full read of a plain table of that width, likewise, ms",
             "scan_view": "full read of the view, nothing made of it, ms",
             "scan_plain": "scan of the plain table, nothing made of it, ms",
             "point_twin": "one item by the twin (it reads the whole view), ms",
             "selection_status": "selection_status, ms", "run_changes": "run_changes with 1,000 missing, ms",
             "finish_run.dense": "finish_run, everything observed, ms",
             "finish_run.scattered": "finish_run, a random half observed, ms",
             "run_bytes.dense": "bytes kept of a run that saw everything",
             "run_bytes.scattered": "bytes kept of a run that saw a random half"}
    sizes = [size for size in figures.sizes() if figures.median("copy_view", size, "ours") is not None]
    rows = [[name, *(number(figures.median(measure, size, "ours")) for size in sizes)] for measure, name in names.items()]
    for what, name in (("missing_items", "missing_items"), ("point", "point read"), ("full", "full read")):
        rows.append([f"{name}: under row-level security / as superuser",
                     *(number(figures.ratio(f"policies.{what}", size, "role", "superuser")) for size in sizes)])
    return "## Ours alone\n\n" + table(["", *(f"{size:,} items" for size in sizes)], rows) if sizes else ""


def burdens(figures, facts):
    size = facts["burdened_size"]
    labels = ("alone", "selections", "runs")
    names = {"us": "unchanged re-sync, µs an item", "first_finish_ms": "finish_run of the first sync since, ms",
             "finish_ms": "finish_run after that, ms", "missing_ms": "missing_items, 1 in 1,000 missing, ms",
             "selection_status_ms": "selection_status, ms", "point_ms": "point read of the view, ms",
             "full_ms": "full read of the view, nothing made of it, ms"}
    if figures.median("burden.us", size, "alone") is None:
        return ""
    rows = [[name, *(number(figures.median(f"burden.{measure}", size, label)) for label in labels)]
            for measure, name in names.items()]
    return (f"## What history costs, {size:,} items\n\nAlone; beside {facts['selections']:,} other selections that each see a "
            f"random half; and after {facts['runs']:,} more runs of its own that saw 20 items each.\n\n"
            + table(["", "alone", f"{facts['selections']:,} selections", f"and {facts['runs']:,} runs"], rows))


def small_runs(figures):
    names = {"ms.fsync_off": "ms a run", "ms.fsync_on": "ms a run, fsync on", "a_second": f"runs a second, {runs.CLIENTS} clients",
             "wal": "WAL bytes a run", "transactions": "transaction ids a run"}
    rows = [[f"{size:,} items: {name}", *(number(figures.median(f"runs.{measure}", size, who)) for who in runs.RACING)]
            for size in runs.SIZES for measure, name in names.items()
            if figures.median(f"runs.{measure}", size, "ours") is not None]
    for size in figures.sizes():
        before, after = (figures.median(f"runs.memory.{when}", size, "ours") for when in ("before", "after"))
        if after is not None:
            rows.append([f"private memory of a backend after runs of {size // 100:,} and of {size:,} tenants, MB",
                         f"{before / 1e6:.1f} and {after / 1e6:.1f}", "–", "–"])
    return ("## What a run costs by its size\n\nUnchanged runs of one batch, each of another of 1,000 tenants (200 with 1,000 "
            "items): start, batch and end are a transaction each.\n\n" + table(["", *runs.RACING], rows) if rows else "")


def memory(figures):
    rows = []
    for kind in ("new", "unchanged"):
        for what, name in (("peak", f"batch of 50,000 {kind} items: private memory at its peak"), ("kept", "… kept after it")):
            rows.append([name, *(number(figures.ratio(f"memory.{kind}.{what}", 50_000, contestant, contestant,
                                                      other_measure=f"memory.{kind}.text")) for contestant in NAMES)])
    if all(cell == "–" for row in rows for cell in row[1:]):
        return ""
    return "## Memory of a backend, times the text of the batch\n\n" + table(["", *NAMES], rows)


def pure(figures):
    rows = []
    if (redact := figures.median("redact", 0, "ours")) is not None:
        each = figures.median("selection_hash", 0, "ours") / 5000 * 1e6
        other = figures.median("sha256_of_text", 0, "ours") / 5000 * 1e6
        width = figures.median("selection_bytes", 0, "ours")
        rows += [[f"selection_hash of {width:,.0f} bytes, µs", number(each)],
                 ["sha256(x::text) of the same, µs", number(other)],
                 ["redact, MB/s", number(figures.median("message_bytes", 0, "ours") / redact / 1e6)]]
    return "## Pure functions\n\n" + table(["", "ours"], rows) if rows else ""
