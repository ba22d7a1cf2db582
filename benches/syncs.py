"""Whole syncs, contestant by contestant in turn: first sync, unchanged, 1 % changed, 10 % vanished, 20 re-syncs."""

from items import batches, pick

RESYNCS = 20


class Syncs:
    """The same upstream for all contestants: which items it lists, and in which version."""

    def __init__(self, racing, size, batch, figures):
        self.racing, self.size, self.batch, self.figures = racing, size, batch, figures
        self.changed = set()            # the hundredths that have changed since the first sync
        self.bytes_at_first = {}        # of each contestant, after its first sync
        self.resyncs = 0                # unchanged ones since then

    def version(self, number):
        return 1 if pick(number, 100) in self.changed else 0

    def pages(self, keep=lambda number: True):
        """Gives a function that gives the pages; made once, unless they would not fit into memory."""
        def fresh():
            return batches(filter(keep, range(self.size)), self.batch, self.version)
        if self.size > 1_000_000:
            return fresh
        made = list(fresh())
        return lambda: made

    def in_turn(self, round_no):
        """Another one begins each time, so that nobody always runs after the same neighbour."""
        shift = round_no % len(self.racing)
        return self.racing[shift:] + self.racing[:shift]

    def race(self, scenario, round_no, pages):
        for contestant in self.in_turn(round_no):
            if scenario == "first":
                contestant.create()
            self.note(scenario, round_no, contestant, contestant.sync(pages()))
            contestant.vacuum()

    def note(self, scenario, round_no, contestant, sync):
        dead_items, dead_everywhere = contestant.dead_tuples()
        values = {"us": sync.seconds / sync.items * 1e6, "wal": sync.wal / sync.items, "finish_ms": sync.finish_seconds * 1e3,
                  "dead_items": dead_items, "dead": dead_everywhere}
        for measure, value in values.items():
            self.figures.add(f"{scenario}.{measure}", self.size, contestant.name, value, self.batch)
        self.figures.tell(f"{scenario:9} {self.size:>10,} items, batch {self.batch:>5,}, {contestant.name:6} "
                          f"{values['us']:7.2f} µs and {values['wal']:7.1f} WAL bytes an item, "
                          f"finish {values['finish_ms']:6.1f} ms")
        self.answer(f"new in {scenario}", round_no, contestant, sync.inserted)
        if contestant.tells_changes:
            self.answer(f"changed in {scenario}", round_no, contestant, sync.updated)

    def answer(self, question, round_no, contestant, value):
        self.figures.answer(f"{question}, batch {self.batch}, round {round_no + 1}", self.size, contestant.name, value)

    def first(self, count):
        self.changed.clear()
        pages = self.pages()
        for round_no in range(count):
            self.race("first", round_no, pages)
        self.bytes_at_first = {contestant.name: contestant.bytes() for contestant in self.racing}
        self.resyncs = 0

    def first_of(self, contestant):
        self.changed.clear()
        contestant.sync(self.pages()())

    def resync(self, count):
        pages = self.pages()
        for round_no in range(count):
            self.race("resync", round_no, pages)
        self.resyncs += count

    def change(self, count):
        for round_no in range(count):
            self.changed.add(len(self.changed))
            self.race("changed", round_no, self.pages())

    def vanish(self, count):
        for round_no in range(count):
            self.race("vanished", round_no, self.pages(lambda number, gone=round_no: pick(number, 10) != gone))
            for contestant in self.racing:
                self.answer("missing", round_no, contestant, contestant.missing())

    def sync_all(self, keep=lambda number: True):
        """Not timed: brings all contestants to where the next questions start."""
        pages = self.pages(keep)
        for contestant in self.racing:
            contestant.sync(pages())
            contestant.vacuum()

    def grow(self, racing):
        """Sizes after the first sync and after 20 unchanged ones, each followed by a VACUUM, as by a perfect autovacuum."""
        pages = self.pages()
        for contestant in racing:
            before = self.bytes_at_first[contestant.name]
            for _ in range(self.resyncs, RESYNCS):
                contestant.sync(pages())
                contestant.vacuum()
            after = contestant.bytes()
            for kind in before:
                self.figures.add(f"growth.{kind}.before", self.size, contestant.name, before[kind])
                self.figures.add(f"growth.{kind}.after", self.size, contestant.name, after[kind])
            self.figures.tell(f"growth    {self.size:>10,} items, {contestant.name}: "
                              f"{sum_of(before) / 1e6:.1f} -> {sum_of(after) / 1e6:.1f} MB")


def sum_of(sizes):
    return sizes["tables"] + sizes["indexes"]
