"""Whole syncs, contestant by contestant in turn: first sync, unchanged, 1 % changed, 10 % vanished."""

from items import batches

ROUNDS_OF_SIZE = ((100_000, 5), (1_000_000, 3), (10_000_000, 1))


def rounds(size, quick):
    return 1 if quick else next((count for limit, count in ROUNDS_OF_SIZE if size <= limit), 1)


def pages_of(size, batch, version=lambda number: 0, keep=lambda number: True):
    """For each contestant the same pages; prepared once, unless they would not fit into memory."""
    def fresh():
        return batches(filter(keep, range(size)), batch, version)
    if size > 1_000_000:
        return fresh
    pages = list(fresh())
    return lambda: pages


def turn_about(contestants, round_no):
    """Another one begins each time, so that no one always runs after the same neighbour."""
    shift = round_no % len(contestants)
    return contestants[shift:] + contestants[:shift]


class Syncs:
    def __init__(self, contestants, size, count, note):
        self.contestants, self.size, self.count, self.note = contestants, size, count, note

    def repeat(self, scenario, batch, make_pages, before):
        for round_no in range(self.count):
            pages = make_pages(round_no)
            for contestant in turn_about(self.contestants, round_no):
                before(contestant)
                self.note(scenario, self.size, batch, contestant, round_no, contestant.sync(pages()))
                contestant.vacuum()

    def first(self, batch):
        pages = pages_of(self.size, batch)
        self.repeat("first", batch, lambda round_no: pages, lambda contestant: contestant.create())

    def resync(self, batch):
        pages = pages_of(self.size, batch)
        self.repeat("resync", batch, lambda round_no: pages, lambda contestant: None)
