"""Questions: missing items and points for all contestants; the view, its twin and the answers of ours."""

import heapq
import json
from statistics import median

from contestants import ROLE, SELECTION, TENANT
from items import external_id, pick, policy_type
from session import Session, statement

POINTS = 200
EMPTY_SELECTION = json.dumps({"source": "graph", "kinds": []})


class Reads:
    def __init__(self, racing, size, rounds, figures):
        self.racing, self.size, self.rounds, self.figures = racing, size, rounds, figures
        self.ours = next((contestant for contestant in racing if contestant.name == "ours"), None)

    def add(self, measure, contestant, seconds):
        self.figures.add(measure, self.size, contestant, seconds * 1e3)
        self.figures.tell(f"{measure:28} {self.size:>10,} items, {contestant:8} {seconds * 1e3:9.3f} ms")

    def missing(self, label, rounds=None):
        """Rows fetched by the client, unless all are missing."""
        for round_no in range(rounds or self.rounds):
            for contestant in self.racing:
                if label == "all":
                    text = b"SELECT * FROM (" + contestant.sql("missing") + b") AS m OFFSET 1000000000"
                    contestant.app.run(text, TENANT, SELECTION)
                else:
                    count = contestant.missing()
                    self.figures.answer(f"missing: {label}", self.size, contestant.name, count)
                self.add(f"missing.{label}", contestant.name, contestant.app.seconds)

    def a_few_gone(self, syncs):
        """A thousand items, all over the inventory."""
        few = min(1000, self.size // 10)
        gone = set(heapq.nsmallest(few, range(self.size), key=lambda number: pick(number, 1 << 24)))
        syncs.sync_all(lambda number: number not in gone)
        self.missing("a few")

    def all_gone(self):
        """A run that fails before it has seen anything: all is missing, with low confidence in ours."""
        for contestant in self.racing:
            contestant.sync([], status="failed")
        self.missing("all", min(self.rounds, 3))

    def points(self):
        for contestant in self.racing:
            self.add("point", contestant.name, self.point_of(contestant.app, contestant.sql("point"), contestant is self.ours))

    def point_of(self, session, text, bind=True, count=POINTS):
        """The median of many reads of one item each."""
        took = []
        session.script("BEGIN")
        if bind:
            session.run(statement("sql/set_tenant.sql"), TENANT)
        for number in range(count):
            number = number * 7919 % self.size
            found = session.run(text, TENANT, policy_type(number), external_id(number)).ntuples
            if found != 1:
                raise SystemExit(f"item {number} was found {found} times")
            took.append(session.seconds)
        session.script("COMMIT")
        return median(took)

    def of_ours(self):
        """What only ours answers; the plain table is of the width of its view."""
        ours, app = self.ours, self.ours.app
        ours.admin.script(statement("sql/plain.sql"))
        ours.vacuum()
        for _ in range(self.rounds):
            for what in ("copy_view", "copy_twin", "copy_plain", "scan_view", "scan_plain"):
                self.add(what, "ours", self.bound(app, what))
            for what, argument in (("selection_status", SELECTION), ("run_changes", self.last_run())):
                app.run(statement(f"sql/{what}.sql"), TENANT, argument)
                self.add(what, "ours", app.seconds)
            self.add("point_twin", "ours", self.point_of(app, statement("sql/point_twin.sql"), count=1))
        self.under_policies()

    def bound(self, session, what):
        """One statement in a transaction that is bound to the tenant; COPY takes no parameters."""
        session.script("BEGIN")
        session.run(statement("sql/set_tenant.sql"), TENANT)
        session.run(statement(f"sql/{what}.sql"), *([] if what.startswith("copy") else [TENANT]))
        session.script("COMMIT")
        return session.seconds

    def last_run(self):
        return self.ours.admin.value(statement("sql/last_run.sql"), TENANT)

    def under_policies(self):
        """The same statements, which name the tenant themselves, by a plain role and by a superuser, in turn."""
        with Session(self.ours.database, ROLE) as role, Session(self.ours.database) as superuser:
            pair = [("role", role), ("superuser", superuser)]
            for _, session in pair:
                self.warm(session)
            for round_no in range(max(self.rounds, 3)):
                for who, session in pair[::-1] if round_no % 2 else pair:
                    session.run(self.ours.sql("missing"), TENANT, SELECTION)
                    self.add("policies.missing_items", who, session.seconds)
                    self.add("policies.point", who, self.point_of(session, self.ours.sql("point")))
                    self.add("policies.full", who, self.bound(session, "scan_view"))

    def warm(self, session):
        """Plans and caches are not what is compared: after five times the server has settled for its plans."""
        for _ in range(6):
            session.run(self.ours.sql("missing"), TENANT, SELECTION)
        self.point_of(session, self.ours.sql("point"), count=10)
        self.bound(session, "scan_view")

    def empty_runs(self, count):
        """Start and end of a run that observes nothing, in a selection of its own."""
        for contestant in self.racing:
            starts, finishes = [], []
            for _ in range(count):
                run = contestant.app.value(contestant.sql("start"), TENANT, EMPTY_SELECTION)
                starts.append(contestant.app.seconds)
                contestant.app.run(contestant.sql("finish"), TENANT, run, "success")
                finishes.append(contestant.app.seconds)
            self.add("start_run", contestant.name, median(starts))
            self.add("finish_empty_run", contestant.name, median(finishes))

    def bytes_of_a_run(self, syncs):
        """What a run of this size leaves behind, where it saw everything and where it saw a random half."""
        syncs_of_ours = type(syncs)([self.ours], self.size, syncs.batch, self.figures)
        syncs_of_ours.changed = syncs.changed
        for kind, keep in (("dense", lambda number: True), ("scattered", lambda number: pick(number, 2) == 0)):
            sync = self.ours.sync(syncs_of_ours.pages(keep)())
            kept = int(self.ours.admin.value(statement("sql/run_bytes.sql"), TENANT, sync.run))
            self.figures.add(f"run_bytes.{kind}", self.size, "ours", kept)
            self.add(f"finish_run.{kind}", "ours", sync.finish_seconds)
