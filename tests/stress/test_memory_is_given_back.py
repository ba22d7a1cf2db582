"""A pool keeps many connections: none of them keeps the memory that a large batch took."""

import json
from pathlib import Path

import psycopg
import pytest

from stress_server import shared_database

LARGE = 30_000


def private_memory(connection):
    """Bytes of the backend that no other process shares."""
    status = Path(f"/proc/{connection.info.backend_pid}/status").read_text("ascii")
    return int(status.split("RssAnon:")[1].split()[0]) * 1024


def items(count, last=None):
    return json.dumps([{"policy_type": "t", "external_id": f"item {n}", "display_name": "x" * 300, "meta": {"a": "y" * 50}}
                       for n in range(count)] + ([last] if last else []))


def test_memory_of_a_large_batch_is_given_back():
    with shared_database(["acme"], "writer") as (name, _), \
            psycopg.connect(dbname=name, user=name, autocommit=True) as app:
        [run] = app.execute("SELECT run_id FROM inventory_core.start_run('acme', '{}')").fetchone()

        def send(batch):
            return app.execute("SELECT u.* FROM inventory_core.upsert_items('acme', %s, %s) AS u", (run, batch)).fetchone()

        send(items(1))
        before = private_memory(app)
        batch, bad_batch = items(LARGE), items(LARGE, {"policy_type": "t"})
        assert send(batch)[0] == LARGE
        assert private_memory(app) - before < len(batch) / 4
        # the same again, and after some that fail: what the server holds after an error goes with the next batch
        assert send(batch)[0] == LARGE
        assert private_memory(app) - before < len(batch) / 4
        for _ in range(3):
            with pytest.raises(psycopg.errors.InvalidParameterValue):
                send(bad_batch)
            assert private_memory(app) - before < len(batch) * 5
        assert send(batch)[0] == LARGE
        assert private_memory(app) - before < len(batch) / 4
        # and in a transaction that does more
        with app.transaction():
            send(batch)
            send(batch)
        assert private_memory(app) - before < len(batch) / 4
