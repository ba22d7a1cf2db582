"""A server of the test's own, with settings of its own, to be killed at will."""

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

BINDIR = os.environ.get("IC_BINDIR", "/usr/lib/postgresql/15/bin")
POSTGRES = pwd.getpwnam("postgres") if os.geteuid() == 0 else None

# A killed process loses nothing that it gave to the kernel, so fsync is off where a test does not ask for it.
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


def as_server(program, *args, cwd="/", timeout=120):
    """Runs as the OS user postgres where we are root: a server refuses to run as root."""
    command = [str(program), *args]
    if POSTGRES:
        command = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", *command]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "RUST_"))}
    subprocess.run(command, check=True, cwd=cwd, env=env, stdout=subprocess.DEVNULL, timeout=timeout)


class OwnServer:
    """initdb in a temporary folder; reached by its socket alone. Settings that are given come after those above.
    With `standby_of` it is a streaming replica of that server instead. `bindir` holds the programs of another major."""

    def __init__(self, standby_of=None, bindir=BINDIR, initdb=(), **settings):
        self.bindir = bindir
        self.folder = Path(tempfile.mkdtemp(prefix="inventory_core_own."))
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self.folder.chmod(0o755)
        if POSTGRES:
            os.chown(self.folder, POSTGRES.pw_uid, POSTGRES.pw_gid)
        if standby_of:
            as_server(f"{bindir}/pg_basebackup", "-h", str(standby_of.folder), "-p", "5432", "-U", "postgres",
                      "-D", str(self.data), "--checkpoint=fast", "--write-recovery-conf")
        else:
            as_server(f"{bindir}/initdb", "-N", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", "postgres",
                      "-D", str(self.data), *initdb)
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write(SETTINGS.format(folder=self.folder))
            conf.writelines(f"{name} = {str(value).format(folder=self.folder)}\n" for name, value in settings.items())

    def start(self):
        as_server(f"{self.bindir}/pg_ctl", "start", "-s", "-w", "-t", "60", "-D", str(self.data), "-l", str(self.log))

    def stop(self, mode="immediate"):
        as_server(f"{self.bindir}/pg_ctl", "stop", "-s", "-m", mode, "-t", "60", "-D", str(self.data))

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


def has_contrib(extension):
    """The server of 16 (from PyPI) comes without PostgreSQL's contrib modules. Debian's has them: there nothing is left out."""
    folder = subprocess.check_output([f"{BINDIR}/pg_config", "--sharedir"], text=True).strip()
    return str(BINDIR).startswith("/usr/lib/postgresql/") or Path(folder, "extension", f"{extension}.control").exists()


@contextmanager
def own_server(standby_of=None, **options):
    # whoever ends the tests early by a TERM leaves no server behind
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = OwnServer(standby_of, **options)
    try:
        server.start()
        yield server
    finally:
        server.destroy()
        signal.signal(signal.SIGTERM, before)
