"""PgBouncer in transaction mode before the cluster of the caller, and clients that share its few connections."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager, nullcontext
from random import Random

import psycopg
from psycopg import errors

from scene import bind, connect, value

ITEMS = "SELECT DISTINCT tenant_id FROM inventory_core_internal.items"
TENANT = "SELECT inventory_core.current_tenant()"


def pgbouncer():
    return shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")


@contextmanager
def transaction_pool(role, size):
    """The port of a PgBouncer of its own, with `size` connections to each database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="pool-") as folder:
        os.chmod(folder, 0o755)
        quoted = role.replace('"', '""')
        write(folder, "users", f'"{quoted}" ""\n')
        write(folder, "config.ini", f"""[databases]
* = host={os.environ["PGHOST"]} port={os.environ["PGPORT"]}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 100
server_login_retry = 0
query_wait_timeout = 60
log_connections = 0
log_disconnections = 0
log_pooler_errors = 0
""")
        process = subprocess.Popen([*as_postgres, pgbouncer(), "-q", f"{folder}/config.ini"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until_open(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def write(folder, name, text):
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)


def wait_until_open(port, process):
    for _ in range(200):
        assert process.poll() is None, "pgbouncer did not start"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("pgbouncer does not listen")


class Client(threading.Thread):
    """Does random transactions and compares what it sees with its model: the tenant that it has bound, or none."""

    def __init__(self, database, role, port, tenants, seed, transactions):
        super().__init__(daemon=True)
        self.target = {"dbname": database, "user": role, "host": "127.0.0.1", "port": port}
        self.tenants, self.random, self.transactions = tenants, Random(seed), transactions
        self.done, self.wrong, self.servers = Counter(), [], set()
        self.session = None

    def run(self):
        for _ in range(self.transactions):
            try:
                if self.session is None:
                    self.session = psycopg.connect(**self.target, autocommit=True, prepare_threshold=None)
                how = self.random.choice(("whole", "whole", "twin", "unbound", "savepoint", "error", "leave"))
                getattr(self, how)()
                self.done[how] += 1
            except psycopg.OperationalError:                # killed
                self.lose()
            except psycopg.InternalError as raised:
                # Killed too. The server's FATAL and PgBouncer's own answer one BEGIN or COMMIT, with any version of PgBouncer, and
                # psycopg 3.3 calls that "received 2 results", an error without SQLSTATE. An error of the server has one.
                if raised.sqlstate is not None:
                    self.wrong.append(("raised", repr(raised)))
                self.lose()
            except Exception as raised:                     # a fault of the test must not pass for silence
                self.wrong.append(("raised", repr(raised)))
                self.leave_at_once()
        if self.session:
            self.session.close()

    def lose(self):
        self.done["lost"] += 1
        self.leave_at_once()

    def leave_at_once(self):
        if self.session is not None:
            self.session.close()
        self.session = None

    def see(self, bound):
        """In whatever state: the current tenant, and the rows, are those of `bound`; None = unbound."""
        tenant = value(self.session, TENANT)
        if tenant != bound:
            self.wrong.append(("tenant", bound, tenant))
        try:
            with nullcontext() if bound else self.session.transaction():
                rows = {row[0] for row in self.session.execute(ITEMS).fetchall()}
        except errors.ObjectNotInPrerequisiteState:
            rows = None
        if rows != (None if bound is None else {bound}):
            self.wrong.append(("rows", bound, rows))

    def begin(self):
        """Opens a transaction in which nobody has bound anything yet, and binds a tenant."""
        self.session.execute("BEGIN")
        self.servers.add(value(self.session, "SELECT pg_backend_pid()"))
        if self.random.random() < 0.3:
            self.see(None)
        tenant = self.random.choice(self.tenants)
        bind(self.session, tenant)
        self.see(tenant)
        return tenant

    def unbound(self):
        self.see(None)

    def twin(self):
        tenant = self.random.choice(self.tenants)
        rows = self.session.execute("SELECT DISTINCT tenant_id FROM inventory_core.inventory_items(%s)", (tenant,)).fetchall()
        if rows != [(tenant,)]:
            self.wrong.append(("twin", tenant, rows))
        self.see(None)

    def whole(self):
        self.begin()
        self.session.execute(self.random.choice(("COMMIT", "ROLLBACK", "COMMIT AND CHAIN")))
        self.see(None)
        self.session.execute("ROLLBACK")

    def savepoint(self):
        tenant = self.begin()
        self.session.execute("SAVEPOINT s")
        self.session.execute("SELECT inventory_core.clear_tenant()")
        other = self.random.choice(self.tenants)
        bind(self.session, other)
        self.see(other)
        self.session.execute("ROLLBACK TO s")
        self.see(tenant)
        self.session.execute("COMMIT")

    def error(self):
        self.begin()
        try:
            self.session.execute("SELECT 1/0")
        except errors.DivisionByZero:
            pass
        self.session.execute(self.random.choice(("ROLLBACK", "COMMIT")))
        self.see(None)

    def leave(self):
        """Goes in the middle of a transaction, without a word."""
        self.begin()
        self.session.pgconn.finish()
        self.session = None


class Killer(threading.Thread):
    """Ends a server connection of the pool now and then."""

    def __init__(self, database, role, seed):
        super().__init__(daemon=True)
        self.database, self.role, self.random = database, role, Random(seed)
        self.stopped, self.killed = threading.Event(), 0

    def run(self):
        with connect("postgres") as server:
            while not self.stopped.wait(self.random.uniform(0.2, 0.8)):
                self.killed += value(server, "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) "
                                             "FROM pg_stat_activity WHERE datname = %s AND usename = %s",
                                     (self.database, self.role))
