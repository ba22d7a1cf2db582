"""Memory of a large batch, pure functions, and the price of many selections and of many runs."""

import json
import threading
import time
from pathlib import Path

from contestants import TENANT, SELECTION, ROLE
from items import batches, item, pick
from reads import Reads
from session import Session, statement

LARGEST_BATCH = 50_000


def selection_of(number):
    return json.dumps({"source": "graph", "kinds": ["all"], "view": number})


def private_memory(pid):
    """Bytes that a process of this machine shares with no other."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.split("RssAnon:")[1].split()[0]) * 1024


class Peak:
    """The highest private memory of a backend while a statement runs in it, looked at every few milliseconds."""

    def __init__(self, pid):
        self.pid, self.bytes = pid, 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def watch(self):
        while not self.over.is_set():
            self.bytes = max(self.bytes, private_memory(self.pid))
            time.sleep(0.002)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.over.set()
        self.thread.join()


def memory(contestant, figures):
    """A batch of the largest size, new and then unchanged, each in a backend that has done a small one before."""
    [(_, page)] = batches(range(LARGEST_BATCH), LARGEST_BATCH)
    small = f"[{item(0)}]".encode()
    run = contestant.app.value(contestant.sql("start"), TENANT, SELECTION)
    for what in ("new", "unchanged"):
        with Session(contestant.database, ROLE) as session:
            session.run(contestant.sql("batch"), TENANT, run, small)
            before = private_memory(session.pid)
            with Peak(session.pid) as peak:
                session.run(contestant.sql("batch"), TENANT, run, page)
            after = private_memory(session.pid)
        size, grown, kept = len(page), peak.bytes - before, after - before
        for measure, value in (("text", size), ("peak", grown), ("kept", kept)):
            figures.add(f"memory.{what}.{measure}", LARGEST_BATCH, contestant.name, value)
        figures.tell(f"memory, {contestant.name}, {what} batch of {LARGEST_BATCH:,}: peak {grown / size:.1f} times the text, "
                     f"kept {kept / size:.2f} times")
    contestant.app.run(contestant.sql("finish"), TENANT, run, "success")


def pure_functions(ours, figures, rounds):
    ours.admin.script(statement("sql/samples.sql"))
    ours.vacuum()
    for what in ("selection_bytes", "message_bytes"):
        figures.add(what, 0, "ours", float(ours.admin.value(statement(f"sql/{what}.sql"))))
    for _ in range(rounds):
        for what in ("selection_hash", "sha256_of_text", "redact"):
            ours.app.run(statement(f"sql/{what}.sql"))
            figures.add(what, 0, "ours", ours.app.seconds)
            figures.tell(f"{what}: {ours.app.seconds * 1e3:.1f} ms")


class Burdens:
    """Re-sync and answers of one inventory: alone, beside overlapping selections, and after thousands of runs."""

    def __init__(self, ours, syncs, rounds, figures):
        self.ours, self.syncs, self.rounds, self.figures = ours, syncs, rounds, figures
        self.reads = Reads([ours], syncs.size, rounds, figures)

    def add(self, measure, label, value):
        self.figures.add(f"burden.{measure}", self.syncs.size, label, value)

    def measure(self, label):
        size, pages, few = self.syncs.size, self.syncs.pages(), max(self.syncs.size // 1000, 10)
        some_gone = self.syncs.pages(lambda number: pick(number, size // few) != 0)
        self.ours.vacuum()
        for round_no in range(self.rounds):
            sync = self.ours.sync(pages())
            self.add("us", label, sync.seconds / sync.items * 1e6)
            self.add("finish_ms" if round_no else "first_finish_ms", label, sync.finish_seconds * 1e3)
        self.ours.sync(some_gone())
        self.ours.vacuum()
        for _ in range(self.rounds):
            missing = self.ours.missing()
            self.add("missing_ms", label, self.ours.app.seconds * 1e3)
            self.ours.app.run(statement("sql/selection_status.sql"), TENANT, SELECTION)
            self.add("selection_status_ms", label, self.ours.app.seconds * 1e3)
            self.add("point_ms", label, self.reads.point_of(self.ours.app, self.ours.sql("point")) * 1e3)
            self.add("full_ms", label, self.reads.bound(self.ours.app, "scan_view") * 1e3)
        self.figures.answer("missing under burdens", size, label, missing)
        self.figures.tell(f"burden: {label}: {self.figures.median('burden.us', size, label):.2f} µs an item, "
                          f"missing {self.figures.median('burden.missing_ms', size, label):.1f} ms")

    def run(self, selections, runs):
        self.ours.create()
        self.syncs.first_of(self.ours)
        self.measure("alone")
        for number in range(selections):
            # each sees a half, and any two have a quarter of the inventory in common
            half = self.syncs.pages(lambda item_no, view=number: pick(item_no * 64 + view, 2) == 0)
            self.ours.sync(half(), selection_of(number))
        self.measure("selections")
        for number in range(runs):
            first = number * 20 % self.syncs.size
            self.ours.sync(batches(range(first, min(first + 20, self.syncs.size)), 20))
            if number % 500 == 499:
                self.ours.vacuum()          # as autovacuum would, which is off
        self.measure("runs")
