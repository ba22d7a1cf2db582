"""What a run costs by its size: many tenants with few items each, which nothing has changed since the run before."""

import multiprocessing
import time
from statistics import median

import contestants
from items import batches
from session import Session, statement

RACING = ("ours", "naive", "tuned")
SIZES = (0, 1, 20, 200, 1_000)
CLIENTS = 8
SELECTION = '{"source": "graph", "kinds": ["few"]}'


def tenant(number):
    return f"tenant-{number:05}"


def pages(size):
    return list(batches(range(size), max(size, 1)))


def one_run(session, sql, name, page):
    """Start, batch and end, each a transaction of its own; returns the seconds that the three took."""
    run = session.value(sql["start"], name, SELECTION)
    seconds = session.seconds
    for _, items in page:
        session.run(sql["batch"], name, run, items)
        seconds += session.seconds
    session.run(sql["finish"], name, run, "success")
    return seconds + session.seconds


def client(database, sql, size, tenants, ready, go):
    with Session(database, contestants.ROLE) as session:
        page = pages(size)
        one_run(session, sql, tenants[0], page)     # plans are kept from here on
        ready.release()
        go.wait()
        for name in tenants:
            one_run(session, sql, name, page)


class Runs:
    def __init__(self, contestant, figures, quick):
        self.contestant, self.figures, self.quick = contestant, figures, quick
        self.sql = {name: contestant.sql(name) for name in ("start", "batch", "finish")}

    def tenants(self, size):
        if self.quick:
            return [tenant(number) for number in range(16)]
        return [tenant(number) for number in range(1_000 if size <= 200 else 200)]

    def add(self, measure, size, value):
        self.figures.add(f"runs.{measure}", size, self.contestant.name, value)

    def measure(self):
        self.contestant.create()
        if self.contestant.name == "ours":
            self.contestant.admin.run("SELECT inventory_core.grant_access($1::regrole, '*', 'writer')", contestants.ROLE)
        for size in SIZES:
            page = pages(size)
            for name in self.tenants(size):
                one_run(self.contestant.app, self.sql, name, page)
            self.contestant.vacuum()
            self.alone(size, page, "off")
            self.together(size)
            self.durably("on")
            try:
                self.alone(size, page, "on")
            finally:
                self.durably("off")
        if self.contestant.name == "ours":
            self.memory(320 if self.quick else 10_000)

    def alone(self, size, page, fsync):
        """One client. With fsync the disk of the machine is measured too."""
        names = self.tenants(size) if fsync == "off" else self.tenants(size)[:200]
        wal, transactions = self.contestant.wal_position(), self.next_transaction()
        seconds = [one_run(self.contestant.app, self.sql, name, page) for name in names]
        if fsync == "off":
            self.add("wal", size, (self.contestant.wal_position() - wal) / len(names))
            self.add("transactions", size, (self.next_transaction() - transactions) / len(names))
        self.add(f"ms.fsync_{fsync}", size, median(seconds) * 1e3)
        self.figures.tell(f"run of {size:,} unchanged items, {self.contestant.name}, fsync {fsync}: {median(seconds) * 1e3:.2f} ms")

    def together(self, size):
        """Clients with tenants of their own."""
        fork = multiprocessing.get_context("fork")
        ready, go = fork.Semaphore(0), fork.Event()
        names = self.tenants(size)
        shares = [names[number::CLIENTS] for number in range(CLIENTS)]
        clients = [fork.Process(target=client, args=(self.contestant.database, self.sql, size, share, ready, go)) for share in shares]
        for process in clients:
            process.start()
        for _ in clients:
            if not ready.acquire(timeout=120):
                raise SystemExit("a client of the benchmark did not start")
        since = time.perf_counter()
        go.set()
        for process in clients:
            process.join()
            if process.exitcode:
                raise SystemExit(f"a client of the benchmark failed with {process.exitcode}")
        rate = len(names) / (time.perf_counter() - since)
        self.add("a_second", size, rate)
        self.figures.tell(f"run of {size:,} unchanged items, {self.contestant.name}, {CLIENTS} clients: {rate:.0f} a second")

    def memory(self, runs):
        """Private memory of a backend after runs of as many tenants, against after the first hundredth of them."""
        with Session(self.contestant.database, contestants.ROLE) as session:
            for number in range(runs):
                one_run(session, self.sql, f"other-{number:05}", [])
                if number == runs // 100:
                    self.add("memory.before", runs, private_bytes(session.pid))
            self.add("memory.after", runs, private_bytes(session.pid))

    def next_transaction(self):
        return int(self.contestant.admin.value(statement("sql/next_transaction.sql")))

    def durably(self, fsync):
        with Session("postgres") as server:
            server.run(f"ALTER SYSTEM SET fsync = {fsync}")
            server.run("SELECT pg_reload_conf()")
        time.sleep(0.2)     # the server takes settings over when it gets round to it


def private_bytes(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("Private_Clean", "Private_Dirty")))
