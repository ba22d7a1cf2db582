"""PgBouncer in transaction mode, as its own documentation would have it for these drivers."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from own_server import POSTGRES

CONFIG = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {pool}
server_login_retry = 0
query_wait_timeout = {patience}
logfile = {folder}/pgbouncer.log
# The drivers of Go and Java set this one when they connect; inventory_core does not care.
ignore_startup_parameters = extra_float_digits
"""


POOL = 3


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def pgbouncer(role, patience=60):
    """Gives its port; a statement may find itself on any connection of the pool, and waits so many seconds for one."""
    folder, port = Path(tempfile.mkdtemp(prefix="inventory_core_pgbouncer.")), free_port()
    (folder / "users").write_text(f'"{role}" ""\n')
    (folder / "config.ini").write_text(CONFIG.format(host=os.environ["PGHOST"], port=os.environ["PGPORT"], listen=port,
                                                     folder=folder, pool=POOL, patience=patience))
    command = [shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin"), "-q", str(folder / "config.ini")]
    if POSTGRES:        # it does not run as root
        shutil.chown(folder, "postgres", "postgres")
        command = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", *command]
    process = subprocess.Popen(command, cwd="/", stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, (folder / "pgbouncer.log").read_text()
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)
        shutil.rmtree(folder)
