"""Who competes. Each has a database of its own, a plain role, one tenant column, and its statements in a folder here.

schema; start ($1 tenant, $2 selection) gives the run; batch ($1 tenant, $2 run, $3 items) stores a page and gives the
numbers of new and of written older rows; finish ($1 tenant, $2 run); missing ($1 tenant, $2 selection); point ($1 tenant,
$2 policy_type, $3 external_id); contents ($1 tenant) gives the number of items and a checksum of what is stored of them.
"""

import json
from dataclasses import dataclass

from items import META_KEYS
from session import Session, statement

TENANT = "acme"
ROLE = "bench_app"
SELECTION = json.dumps({"source": "graph", "kinds": ["all"]})
NAMES = ("ours", "naive", "tuned", "digest")


@dataclass
class Sync:
    """What one whole sync (start, batches, finish) took."""
    items: int = 0
    inserted: int = 0
    updated: int = 0
    seconds: float = 0.0
    wal: int = 0
    finish_seconds: float = 0.0
    run: str = ""


class Contestant:
    def __init__(self, name):
        self.name = name
        self.schema = "inventory_core_internal" if name == "ours" else "public"
        # the others write every row that they are shown
        self.tells_changes = name in ("ours", "digest")
        self.database = f"bench_{name}"
        self.app = self.admin = None

    def sql(self, name):
        return statement(f"contestants/{self.name}/{name}.sql")

    def create(self):
        """Begins with empty tables, so that each first sync finds the same. The database stays: dropping one waits for a
        checkpoint."""
        with Session("postgres") as server:
            if server.value("SELECT count(*) FROM pg_database WHERE datname = $1", self.database) == "0":
                server.run(f"CREATE DATABASE {self.database} TEMPLATE template0")
        self.close()
        self.admin = Session(self.database)
        self.admin.script(statement("sql/empty_database.sql"))
        self.admin.script(self.sql("schema"))
        if self.name == "ours":
            self.admin.run("SELECT inventory_core.allow_meta('*', VARIADIC $1)", "{" + ",".join(META_KEYS) + "}")
            self.admin.run("SELECT inventory_core.grant_access($1::regrole, $2, 'maintainer')", ROLE, TENANT)
        self.app = Session(self.database, ROLE)

    def close(self):
        for session in filter(None, (self.app, self.admin)):
            session.close()
        self.app = self.admin = None

    def drop(self):
        self.close()
        with Session("postgres") as server:
            server.run(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")

    def sync(self, pages, selection=SELECTION, status="success"):
        """One whole sync, each statement a transaction of its own; only the statements are timed."""
        done = Sync()
        before = self.wal_position()
        done.run = self.app.value(self.sql("start"), TENANT, selection)
        done.seconds += self.app.seconds
        for count, page in pages:
            inserted, updated = self.app.row(self.sql("batch"), TENANT, done.run, page)
            done.seconds += self.app.seconds
            done.items += count
            done.inserted += int(inserted)
            done.updated += int(updated)
        self.app.run(self.sql("finish"), TENANT, done.run, status)
        done.finish_seconds = self.app.seconds
        done.seconds += self.app.seconds
        done.wal = self.wal_position() - before
        return done

    def wal_position(self):
        return int(self.admin.value(statement("sql/wal_position.sql")))

    def missing(self):
        """The number of missing items; its session knows what the question took."""
        return self.app.run(self.sql("missing"), TENANT, SELECTION).ntuples

    def contents(self):
        return " ".join(self.app.row(self.sql("contents"), TENANT))

    def bytes(self):
        names = ("items", "items_indexes", "tables", "indexes")
        return dict(zip(names, map(int, self.admin.row(statement("sql/bytes.sql"), self.schema))))

    def dead_tuples(self):
        """Of items, and of all tables."""
        return [int(count) for count in self.admin.row(statement("sql/dead_tuples.sql"), self.schema)]

    def vacuum(self):
        self.admin.run("VACUUM (ANALYZE)")


def prepare():
    """What a run that was interrupted left behind goes first."""
    for name in NAMES:
        Contestant(name).drop()
    with Session("postgres") as server:
        server.script(statement("sql/role.sql"))


def clean_up(racing):
    for contestant in racing:
        contestant.drop()
    with Session("postgres") as server:
        server.run(f"DROP ROLE {ROLE}")
