"""pg_upgrade, from PostgreSQL 15 to the server that is tested: grants, slots and a running run are there, and work goes on.

Only functions for callers are used: what is behind them is the extension's own business.
"""

import os
import subprocess
from pathlib import Path

import psycopg
import psycopg.types.json
import pytest

from operating_page import shell_command
from own_server import BINDIR, as_server, own_server

ROOT = Path(__file__).parents[2]
ONE_RUN_AT_ONCE = {"inventory_core.max_running_runs": 1}
SELECTION = '{"type": "vm"}'


def shell(script):
    return subprocess.run(["bash", "-c", f"cd {ROOT}; . scripts/common.sh; {script}"], check=True, capture_output=True,
                          encoding="utf-8").stdout.strip()


def major(bindir):
    return int(shell(f"PG_CONFIG={bindir}/pg_config; need_server; echo $PG_MAJOR"))


pytestmark = pytest.mark.skipif(major(BINDIR) == 15, reason="15 is what is upgraded")


@pytest.fixture(scope="module")
def old_bindir():
    """A PostgreSQL 15 with the extension: IC_OLD_PG_CONFIG, or Debian's as it is unpacked. (One that is installed here may
    write options of columns that no other server knows.)"""
    pg_config = os.environ.get("IC_OLD_PG_CONFIG") or shell("scripts/server-from-debian 15")
    shell(f"PG_CONFIG={pg_config} scripts/install >&2")
    return Path(pg_config).parent


def sync(app, numbers, finish=True):
    run, = app.execute("SELECT run_id FROM inventory_core.start_run('acme', %s)", (SELECTION,)).fetchone()
    items = [{"policy_type": "vm", "external_id": f"i-{number}", "meta": {"size": "L"}} for number in numbers]
    app.execute("SELECT inventory_core.upsert_items('acme', %s, %s)", (run, psycopg.types.json.Json(items)))
    if finish:
        app.execute("SELECT inventory_core.finish_run('acme', %s)", (run,))
    return run


def answers(server):
    """What the application is told, and what it is refused."""
    with server.connect(user="app") as app:
        def rows(query):
            try:
                return app.execute(query, {"selection": SELECTION}).fetchall()
            except psycopg.Error as refused:
                return refused.sqlstate

        return {query: rows(query) for query in (
            "SELECT * FROM inventory_core.inventory_items('acme') ORDER BY item_id",
            "SELECT * FROM inventory_core.inventory_sync_runs('acme') ORDER BY run_seq",
            "SELECT run_id, observed FROM inventory_core.run_progress('acme')",
            "SELECT * FROM inventory_core.missing_items('acme', inventory_core.selection_hash(%(selection)s)) ORDER BY item_id",
            "SELECT * FROM inventory_core.selection_status('acme', inventory_core.selection_hash(%(selection)s))",
            "SELECT * FROM inventory_core.granted_tenants()",
            "SELECT status, reason FROM inventory_core.start_run('acme', '{\"type\": \"other\"}')",
            "SELECT inventory_core.set_tenant('globex')")}


@pytest.fixture(scope="module")
def upgraded(old_bindir):
    """(server, run that was running, answers before)"""
    # Data checksums are the default of initdb from 18 on; both clusters must have them, or neither.
    checksums = ["--no-data-checksums"] if major(BINDIR) >= 18 else []
    with own_server(bindir=old_bindir, **ONE_RUN_AT_ONCE) as old, own_server(initdb=checksums, **ONE_RUN_AT_ONCE) as new:
        with old.connect() as owner:
            for statement in ("CREATE EXTENSION inventory_core", "CREATE ROLE app LOGIN", "CREATE ROLE outsider LOGIN",
                              "SELECT inventory_core.grant_access('app', 'acme', 'maintainer')",
                              "SELECT inventory_core.allow_meta('vm', 'size')"):
                owner.execute(statement)
        with old.connect(user="app") as app:
            sync(app, (1, 2, 3))
            sync(app, (1, 2))
            run = sync(app, (1, 4), finish=False)
        before = answers(old)
        old.stop("fast")
        new.stop("fast")
        for check in ("--check", "--jobs=2"):
            words, _ = shell_command(f"pg_upgrade {check}", **{
                "pg_upgrade": f"{BINDIR}/pg_upgrade", "/usr/lib/postgresql/15/bin": str(old_bindir),
                "/usr/lib/postgresql/19/bin": str(BINDIR), "/var/lib/postgresql/15/main": str(old.data),
                "/var/lib/postgresql/19/main": str(new.data)})
            as_server(*words, "--username=postgres", f"--socketdir={new.folder}", cwd=new.folder)
        new.start()
        yield new, run, before


def test_every_answer_is_the_same(upgraded):
    server, _, before = upgraded
    after = answers(server)
    assert after == before
    assert [rows for query, rows in before.items() if "set_tenant" in query] == ["42501"]
    with server.connect(user="outsider") as outsider, pytest.raises(psycopg.errors.InsufficientPrivilege):
        outsider.execute("SELECT * FROM inventory_core.inventory_items('acme')")


def test_the_running_run_holds_its_slot_and_goes_on(upgraded):
    server, run, _ = upgraded
    other = "SELECT status, reason FROM inventory_core.start_run('acme', '{\"type\": \"other\"}')"
    with server.connect(user="app") as app:
        assert app.execute(other).fetchone() == ("skipped", "global_limit")
        app.execute("SELECT inventory_core.upsert_items('acme', %s, %s)",
                    (run, '[{"policy_type": "vm", "external_id": "i-5", "meta": {"size": "M"}}]'))
        assert app.execute("SELECT status, observed_count FROM inventory_core.finish_run('acme', %s)", (run,)
                           ).fetchone() == ("success", 3)
        missing = app.execute("SELECT external_id, missed_runs, confidence FROM inventory_core.missing_items('acme', "
                              "inventory_core.selection_hash(%s)) ORDER BY external_id", (SELECTION,)).fetchall()
        assert missing == [("i-2", 1, "high"), ("i-3", 2, "high")]
        assert app.execute(other).fetchone() == ("running", None)


def test_the_doctor_finds_nothing(upgraded):
    with upgraded[0].connect() as owner:
        wrong = owner.execute("SELECT check_name FROM inventory_core.doctor() WHERE NOT ok").fetchall()
        assert wrong == []
