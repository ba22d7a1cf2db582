"""A server of the test's own, to be killed at will; and databases with the extension and a plain role."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

BINDIR = os.environ.get("IC_BINDIR", "/usr/lib/postgresql/15/bin")
POSTGRES = pwd.getpwnam("postgres") if os.geteuid() == 0 else None

# A killed process loses nothing that it gave to the kernel, so fsync would prove nothing here.
SETTINGS = """
listen_addresses = ''
port = 5432
unix_socket_directories = '{folder}'
fsync = off
max_connections = 80
shared_buffers = 32MB
deadlock_timeout = 200ms
log_lock_waits = on
log_min_messages = warning
log_line_prefix = '%m [%p] '
log_checkpoints = off
timezone = 'UTC'
log_timezone = 'UTC'
"""


def as_server(program, *args):
    """Runs as the OS user postgres where we are root: a server refuses to run as root."""
    command = [str(program), *args]
    if POSTGRES:
        command = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", *command]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "RUST_"))}
    subprocess.run(command, check=True, cwd="/", env=env, stdout=subprocess.DEVNULL, timeout=120)


class OwnServer:
    """initdb in a temporary folder; reached by its socket alone."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="inventory_core_stress."))
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self.folder.chmod(0o755)
        if POSTGRES:
            os.chown(self.folder, POSTGRES.pw_uid, POSTGRES.pw_gid)
        as_server(f"{BINDIR}/initdb", "-N", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", "postgres",
                  "-D", str(self.data))
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write(SETTINGS.format(folder=self.folder))

    def start(self):
        as_server(f"{BINDIR}/pg_ctl", "start", "-s", "-w", "-t", "60", "-D", str(self.data), "-l", str(self.log))

    def stop(self, mode="immediate"):
        as_server(f"{BINDIR}/pg_ctl", "stop", "-s", "-m", mode, "-t", "60", "-D", str(self.data))

    def kill_a_backend(self, pid):
        assert pid > 1
        os.kill(pid, signal.SIGKILL)

    def connect(self, **options):
        return psycopg.connect(**{"host": str(self.folder), "port": 5432, "user": "postgres", "dbname": "postgres",
                                  "autocommit": True, **options})

    def wait_until_ready(self, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def destroy(self):
        if (self.data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder)


@contextmanager
def own_server():
    # whoever ends the tests early by a TERM leaves no server behind
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = OwnServer()
    try:
        server.start()
        yield server
    finally:
        server.destroy()
        signal.signal(signal.SIGTERM, before)


def prepare(connection, role, tenants, access="writer", **settings):
    """Makes the extension in the database of a superuser's connection, and a plain role that may bind the tenants."""
    connection.execute("CREATE EXTENSION IF NOT EXISTS inventory_core")
    connection.execute(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS").format(sql.Identifier(role)))
    for tenant in tenants:
        connection.execute("SELECT inventory_core.grant_access(quote_ident(%s)::regrole, %s, %s)", (role, tenant, access))
    for setting, value in settings.items():
        set_for_database(connection, setting, value)


def set_for_database(connection, setting, value):
    connection.execute(sql.SQL("ALTER DATABASE {} SET {} = {}").format(
        sql.Identifier(connection.info.dbname), sql.Identifier("inventory_core", setting), sql.Literal(value)))


@contextmanager
def shared_database(tenants, access="writer", **settings):
    """A database and a role of the same name, in the cluster of scripts/with-cluster; gives name and superuser's connection."""
    name = f"stress_{os.getpid()}"
    identifier = sql.Identifier(name)
    with psycopg.connect(autocommit=True, dbname="postgres") as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        try:
            with psycopg.connect(autocommit=True, dbname=name) as owner:
                try:
                    prepare(owner, name, tenants, access, **settings)
                    yield name, owner
                    assert deadlocks(owner) == 0
                finally:
                    owner.execute(sql.SQL("DROP OWNED BY {}").format(identifier))
        finally:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))
            admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(identifier))


def deadlocks(connection):
    return connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()[0]
