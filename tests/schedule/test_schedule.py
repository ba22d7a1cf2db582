"""maintain, called by a schedule: by pg_cron where it is installed (make soak), and by psql alone."""

import os
import shlex
import subprocess
import time
from contextlib import contextmanager

import pytest

import scene
from operating_page import command
from own_server import BINDIR, own_server


def has_pg_cron():
    """scripts/setup soak installs it for Debian's 15: there nothing is left out."""
    libraries = subprocess.check_output([f"{BINDIR}/pg_config", "--pkglibdir"], text=True).strip()
    return libraries == "/usr/lib/postgresql/15/lib" or os.path.exists(f"{libraries}/pg_cron.so")


@contextmanager
def expired_run(connection, tenant="acme"):
    """A run that nobody works at any more; afterwards it must have been closed for it."""
    connection.execute("CREATE EXTENSION IF NOT EXISTS inventory_core")
    run = scene.value(connection, "SELECT run_id FROM inventory_core.start_run(%s, '{}', lease => '1 microsecond')", (tenant,))
    yield
    status, codes = connection.execute("SELECT status, error_codes FROM inventory_core.inventory_sync_runs(%s) WHERE run_id = %s",
                                       (tenant, run)).fetchone()
    assert (status, codes) == ("failed", ["lease_expired"])


def test_by_psql():
    """As a systemd timer or cron calls it: the line of the page, without its five times and the name of the user."""
    called = shlex.split(command("psql -X -q -d mydb"))[6:]
    with scene.empty_database(f"schedule {os.getpid()}") as database, scene.connect(database) as owner, expired_run(owner):
        subprocess.run([database if word == "mydb" else word for word in called], check=True)


@pytest.mark.skipif("SOAK" not in os.environ or not has_pg_cron(), reason="part of make soak, with pg_cron: it takes a minute")
def test_by_pg_cron():
    with own_server(shared_preload_libraries="pg_cron") as server:
        with server.connect() as owner:
            owner.execute(f"ALTER SYSTEM SET cron.host = '{server.folder}'")
        server.stop("fast")
        server.start()
        with server.connect() as owner:
            owner.execute("CREATE EXTENSION pg_cron")
            with expired_run(owner):
                owner.execute(command("cron.schedule").replace("17 * * * *", "* * * * *"))
                assert finished(owner) == ("succeeded", "CALL")


def finished(connection, seconds=100):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        row = connection.execute("SELECT status, return_message FROM cron.job_run_details "
                                 "WHERE status IN ('succeeded', 'failed')").fetchone()
        if row:
            return row
        time.sleep(0.5)
    raise AssertionError("the job was not run")
