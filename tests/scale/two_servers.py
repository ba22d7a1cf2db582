"""Two servers with the extension in a database of the same name, the mover, and a syncer that looks for its tenant on both."""

import json
import os
import subprocess
import threading
import uuid
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from own_server import BINDIR, own_server

MOVER = Path(__file__).parents[2] / "scripts" / "move-tenant"
DATABASE = "scale"
# Every row of a tenant, in every table of the extension that has tenants.
TABLES = """
SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
WHERE c.relnamespace = 'inventory_core_internal'::regnamespace AND c.relkind = 'r'
  AND c.relname NOT IN ('tenant_moves', 'tenant_grants', 'tenant_home') ORDER BY 1"""


class Site:
    """One of the servers, and the database there."""

    def __init__(self, server):
        self.server = server
        self.conninfo = f"host={server.folder} port=5432 user=postgres dbname={DATABASE}"

    def connect(self, user="postgres", **options):
        return self.server.connect(user=user, dbname=DATABASE, **options)

    def ask(self, statement, *args, user="postgres"):
        with self.connect(user) as connection:
            return connection.execute(statement, args or None).fetchall()

    def do(self, statement, *args, user="postgres"):
        with self.connect(user) as connection:
            connection.execute(statement, args or None)

    def rows(self, tenant):
        """All that is stored of a tenant: {table: rows}."""
        with self.connect() as connection:
            return {table: sorted(connection.execute(f"SELECT t::text FROM {table} AS t WHERE tenant_id = %s", (tenant,)).fetchall())
                    for (table,) in connection.execute(TABLES).fetchall()}

    def make_role(self, role):
        with self.connect() as owner:
            owner.execute(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS").format(sql.Identifier(role)))

    def grant(self, role, tenant, access="maintainer"):
        self.do("SELECT inventory_core.grant_access(quote_ident(%s)::regrole, %s, %s)", role, tenant, access)

    def state(self, tenant):
        found = self.ask("SELECT state FROM inventory_core_internal.tenant_moves WHERE tenant_id = %s", tenant)
        return found[0][0] if found else None


@contextmanager
def two_servers():
    with own_server() as one, own_server() as other:
        pair = [Site(one), Site(other)]
        for site in pair:
            with site.server.connect() as owner:
                owner.execute(f"CREATE DATABASE {DATABASE}")
            site.do("CREATE EXTENSION inventory_core")
            site.do("SELECT inventory_core.allow_meta('*', 'owner')")
        yield pair


def command(*args):
    return [str(MOVER), *args]


def environment():
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**env, "PATH": f"{BINDIR}:{env['PATH']}"}


def move(source, target, *tenants, options=(), fails=False):
    """What the mover says. It must end well, unless it is said to fail."""
    done = subprocess.run(command(*options, source.conninfo, target.conninfo, *tenants), env=environment(),
                          capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    said = done.stdout + done.stderr
    assert (done.returncode != 0) is fails, said
    return said


def home_of(servers, tenant, role):
    """The servers that let the role bind the tenant."""
    homes = []
    for site in servers:
        try:
            site.do("SELECT inventory_core.set_tenant(%s)", tenant, user=role)
            homes.append(site)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState):
            pass
    return homes


class Away(Exception):
    """Neither server has the tenant at the moment."""


AWAY = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)


class Syncer(threading.Thread):
    """Runs of one tenant, one after the other, call by call wherever the tenant is; keeps what was acknowledged."""

    def __init__(self, servers, tenant, role, batches=3, size=40):
        super().__init__(daemon=True)
        self.servers, self.tenant, self.role, self.batches, self.size = servers, tenant, role, batches, size
        self.ending = threading.Event()
        self.stored, self.finished, self.problem = set(), {}, None
        self.moves_seen, self.at = 0, 0

    def run(self):
        try:
            self.connections = [site.connect(self.role) for site in self.servers]
            while not self.ending.is_set():
                self.sync()
        except BaseException as error:                  # told by check()
            self.problem = error
        finally:
            for connection in self.connections:
                connection.close()

    def call(self, statement, *args):
        """At the server that had the tenant last, then at the other, until one of them answers."""
        while True:
            try:
                return self.connections[self.at].execute(statement, args).fetchone()
            except AWAY as error:
                if "not on the node" not in str(error) and "permission denied for" not in str(error):
                    raise
                self.at = 1 - self.at
                self.moves_seen += 1
                self.ending.wait(0.01)

    def sync(self):
        request = str(uuid.uuid4())
        run_id, status = self.call("SELECT run_id, status FROM inventory_core.start_run(%s, '{\"all\": 1}', request_id => %s)",
                                   self.tenant, request)
        assert status == "running", status
        seen = set()
        for number in range(self.batches):
            # a third of them is new each time
            names = {f"{number} {n}" for n in range(self.size)} | {f"{request} {n}" for n in range(self.size // 3)}
            items = json.dumps([{"policy_type": "t", "external_id": name} for name in sorted(names)])
            self.call("SELECT inventory_core.upsert_items(%s, %s, %s)", self.tenant, run_id, items)
            seen |= names
            self.stored |= names
        done = self.call("SELECT observed_count FROM inventory_core.finish_run(%s, %s)", self.tenant, run_id)
        assert done[0] == len(seen), "an acknowledged batch was lost"
        self.finished[str(run_id)] = len(seen)

    def check(self):
        """After its end: everything that was acknowledged is at the one server that has the tenant."""
        if self.problem:
            raise self.problem
        (home,) = home_of(self.servers, self.tenant, self.role)
        stored = {name for (name,) in home.ask("SELECT external_id FROM inventory_core.inventory_items(%s)", self.tenant, user=self.role)}
        assert stored == self.stored
        runs = dict(home.ask("SELECT run_id::text, observed_count FROM inventory_core.inventory_sync_runs(%s) "
                             "WHERE status = 'success'", self.tenant, user=self.role))
        assert runs == self.finished
        (other,) = [site for site in self.servers if site is not home]
        assert not any(other.rows(self.tenant).values())


class Watcher(threading.Thread):
    """Tries all the time to have the tenants bound on both servers at once."""

    def __init__(self, servers, tenants):
        super().__init__(daemon=True)
        self.servers, self.tenants = servers, tenants       # tenant -> role
        self.ending = threading.Event()
        self.looks, self.problem = 0, None

    def run(self):
        try:
            connections = {(tenant, at): site.connect(role, autocommit=False)
                           for tenant, role in self.tenants.items() for at, site in enumerate(self.servers)}
            while not self.ending.is_set():
                for tenant in self.tenants:
                    bound = [self.bind(connections[tenant, at], tenant) for at in (0, 1)]
                    for at in (0, 1):
                        connections[tenant, at].rollback()
                    assert not all(bound), f"{tenant} was open on both servers"
                    self.looks += 1
                self.ending.wait(0.002)
        except BaseException as error:
            self.problem = error

    def bind(self, connection, tenant):
        try:
            connection.execute("SELECT inventory_core.set_tenant(%s)", (tenant,))
            return True
        except AWAY:
            return False
