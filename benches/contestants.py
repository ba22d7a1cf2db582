"""Who competes. Each has a database of its own, a plain role, one tenant column, and its statements in a folder here.

start ($1 tenant, $2 selection) gives the run; batch ($1 tenant, $2 run, $3 items) stores a page and gives the numbers of
inserted and updated rows; finish ($1 tenant, $2 run); missing ($1 tenant, $2 selection).
"""

import json
import time
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
    start_seconds: float = 0.0
    finish_seconds: float = 0.0
    run: str = ""


class Contestant:
    def __init__(self, name):
        self.name = name
        self.database = f"bench_{name}"
        self.app = self.admin = None

    def sql(self, name):
        return statement(f"contestants/{self.name}/{name}.sql")

    def create(self):
        """Begins with empty tables, so that each first sync finds the same. The database stays, for dropping one
        writes a checkpoint, and the next to sync would pay for the pages that follow it."""
        with Session("postgres") as server:
            if server.value("SELECT count(*) FROM pg_database WHERE datname = $1", self.database) == "0":
                server.run(f"CREATE DATABASE {self.database} TEMPLATE template0")
        self.close()
        self.admin = Session(self.database)
        self.admin.script("DROP EXTENSION IF EXISTS inventory_core CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        self.admin.script("GRANT USAGE ON SCHEMA public TO PUBLIC")
        self.admin.script(self.sql("schema").decode())
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

    def sync(self, pages, finish=True, selection=SELECTION):
        """One whole sync, each statement a transaction of its own; only the statements are timed."""
        done = Sync()
        lsn = self.lsn()
        done.run = self.app.value(self.sql("start"), TENANT, selection)
        done.start_seconds = self.app.seconds
        done.seconds += self.app.seconds
        for count, page in pages:
            inserted, updated = self.app.row(self.sql("batch"), TENANT, done.run, page)
            done.seconds += self.app.seconds
            done.items += count
            done.inserted += int(inserted)
            done.updated += int(updated)
        if finish:
            self.app.run(self.sql("finish"), TENANT, done.run)
            done.finish_seconds = self.app.seconds
            done.seconds += self.app.seconds
        done.wal = self.lsn() - lsn
        return done

    def lsn(self):
        return int(self.admin.value("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"))

    def vacuum(self):
        self.admin.run("VACUUM (ANALYZE)")


def create_role():
    with Session("postgres") as server:
        if server.value("SELECT count(*) FROM pg_roles WHERE rolname = $1", ROLE) == "0":
            server.run(f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOBYPASSRLS")


def drop_role():
    with Session("postgres") as server:
        server.run(f"DROP ROLE IF EXISTS {ROLE}")


def now():
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
