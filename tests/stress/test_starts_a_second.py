"""How many starts a second 16 clients get, each with a selection of its own or all after the same. Figures only: machines differ."""

import os
import re
import subprocess

import psycopg
import pytest

from own_server import BINDIR
from stress_server import deadlocks, shared_database

CLIENTS = 16
SECONDS = os.environ.get("STRESS_PGBENCH_SECONDS", "4")

# tenant by client, selection by client: nobody is in anybody's way but at the limits
START_AND_FINISH = r"""
\set tenant :client_id % 4
SELECT run_id AS run, status FROM inventory_core.start_run('tenant :tenant'::text, jsonb_build_object('s', SELECTION)) \gset
SELECT CASE WHEN ':status' = 'running' THEN (inventory_core.finish_run('tenant :tenant', nullif(':run', '')::uuid)).status END;
"""


@pytest.fixture
def database():
    with shared_database([f"tenant {n}" for n in range(4)], max_running_runs=-1, max_running_runs_per_tenant=-1) as (name, owner):
        yield name, owner


@pytest.mark.parametrize("selection, limit", [(":client_id", -1), (":client_id", 2), ("0", -1)],
                         ids=["selections of their own", "and limit 2 a tenant", "4 after each selection"])
def test_starts_a_second(database, tmp_path, capsys, selection, limit):
    name, owner = database
    owner.execute(f"ALTER DATABASE {name} SET inventory_core.max_running_runs_per_tenant = {limit}")
    script = tmp_path / "start_and_finish.sql"
    script.write_text(START_AND_FINISH.replace("SELECTION", selection).replace("'tenant :tenant'", "'tenant ' || :tenant"))
    # In a new database the first reads extend visibility maps (PostgreSQL 19), and a start waits for no lock longer than 100 ms.
    with psycopg.connect(dbname=name, user=name, autocommit=True) as first:
        first.execute("SELECT inventory_core.finish_run('tenant 0', run_id) FROM inventory_core.start_run('tenant 0', '{}')")
    bench = subprocess.run([f"{BINDIR}/pgbench", "-n", "-c", str(CLIENTS), "-j", "2", "-T", SECONDS, "-f", str(script), "-U", name, name],
                           capture_output=True, encoding="utf-8", timeout=120)
    assert bench.returncode == 0, bench.stderr
    started, running = owner.execute("""SELECT count(*), count(*) FILTER (WHERE status = 'running')
        FROM inventory_core_internal.sync_runs""").fetchone()
    # counted in the row of the selection, or still to be added up there
    refused, = owner.execute("""SELECT (SELECT coalesce(sum(refused_count), 0) FROM inventory_core_internal.selections)
                                     + (SELECT coalesce(sum(refused_count), 0) FROM inventory_core_internal.refusals)""").fetchone()
    answered = 1 + int(re.search(r"actually processed: (\d+)", bench.stdout)[1])
    with capsys.disabled():
        print(f"\n  {CLIENTS} clients: {started / float(SECONDS):.0f} starts with their finish a second, {answered / float(SECONDS):.0f} "
              f"answers a second ({refused} refusals counted of {answered - started})", end="")
    assert started > 0 and running == 0
    assert refused == answered - started
    assert deadlocks(owner) == 0
