"""The targets that were set beforehand, beside what was measured. Met or not met, nothing in between."""

from dataclasses import dataclass

NORMAL = 1_000_000
NAMES = ("ours", "naive", "tuned", "digest")


@dataclass
class Target:
    what: str
    limit: float
    measured: float | None
    unit: str = ""

    @property
    def met(self):
        return self.measured is not None and self.measured <= self.limit

    def verdict(self):
        if self.measured is None:
            return "not measured"
        return "met" if self.met else "**not met**"


def judged_size(figures):
    """The targets are set for 1,000,000 items; a run without them is judged at the largest size it has."""
    sizes = [size for measure, size, _, _ in figures.values if measure == "first.us"]
    return NORMAL if NORMAL in sizes or not sizes else max(sizes)


def targets(figures, batch):
    size = judged_size(figures)

    def ratio(measure, other, other_measure=None, at=size, with_batch=batch):
        return figures.ratio(measure, at, "ours", other, with_batch, other_measure)

    def of_ours(measure, with_batch=0, at=size):
        return figures.median(measure, at, "ours", with_batch)

    def quotient(one, other):
        return None if one is None or not other else one / other

    def growth():
        kinds = ("items", "items_indexes")
        values = [(of_ours(f"growth.{kind}.before"), of_ours(f"growth.{kind}.after")) for kind in kinds]
        return None if values[0][0] is None else sum(after - before for before, after in values)

    def policies(what):
        return figures.ratio(f"policies.{what}", size, "role", "superuser")

    def largest(*values):
        return max(values) if None not in values else None

    def memory(what):
        return largest(*(quotient(of_ours(f"memory.{kind}.{what}", at=50_000), of_ours(f"memory.{kind}.text", at=50_000))
                         for kind in ("new", "unchanged")))

    def small_run(items, limit):
        return Target(f"unchanged run of {items} items, time against naive", limit,
                      figures.ratio("runs.ms.fsync_off", items, "ours", "naive"))

    def together(items, limit):
        return Target(f"unchanged runs of {items} items, 8 clients, naive's runs a second against ours", limit,
                      figures.ratio("runs.a_second", items, "naive", "ours"))

    return [
        small_run(0, 2.5), small_run(20, 1.0), small_run(200, 0.40), together(20, 1.0), together(200, 0.5),
        Target("transaction ids of an unchanged run of one batch", 3, of_ours("runs.transactions", at=20)),
        Target("unchanged re-sync, time against naive", 0.12, ratio("resync.us", "naive")),
        Target("unchanged re-sync, time against tuned", 0.20, ratio("resync.us", "tuned")),
        Target("unchanged re-sync, WAL against tuned", 0.01, ratio("resync.wal", "tuned")),
        Target("unchanged re-sync, dead tuples in items", 0, of_ours("resync.dead_items", batch)),
        Target("growth of items and its indexes after 20 re-syncs", 0, growth(), "bytes"),
        Target("first sync, time against naive", 0.9, ratio("first.us", "naive")),
        Target("1 % changed, time against naive", 0.25, ratio("changed.us", "naive")),
        Target("missing_items, 1,000 missing", 20, of_ours("missing.a few"), "ms"),
        Target("missing_items, none missing", 5, of_ours("missing.none"), "ms"),
        Target("point read of the view", 1, of_ours("point"), "ms"),
        Target("full read of the view against a plain table, as COPY writes it", 2,
               quotient(of_ours("copy_view"), of_ours("copy_plain"))),
        Target("full read of the view against a bare scan of a plain table", 2,
               quotient(of_ours("scan_view"), of_ours("scan_plain"))),
        Target("finish_run, everything observed", 200, of_ours("finish_run.dense"), "ms"),
        Target("finish_run, a random half observed", 200, of_ours("finish_run.scattered"), "ms"),
        Target("selection_hash against sha256(x::text), 1 KB", 2,
               quotient(of_ours("selection_hash", at=0), of_ours("sha256_of_text", at=0))),
        Target("backend memory for a batch of 50,000, times its text", 10, memory("peak")),
        Target("of it kept afterwards, times its text", 1, memory("kept")),
        Target("re-sync an item, 10,000,000 known against 100,000", 1.3,
               quotient(of_ours("resync.us", batch, 10_000_000), of_ours("resync.us", batch, 100_000))),
        Target("missing_items under row-level security against superuser", 1.10, policies("missing_items")),
        Target("point read under row-level security against superuser", 1.10, policies("point")),
        Target("full read under row-level security against superuser", 1.10, policies("full")),
    ]
