"""A run whose lease holds keeps its slot of the global limit, whatever became of those who wrote beside it."""

import json

import psycopg
import pytest

from stress_server import shared_database

TENANTS = ("slots 1", "slots 2")


@pytest.fixture
def connect():
    with shared_database(TENANTS, max_running_runs=1, lease="10s") as (name, owner):
        owner.execute(f"GRANT SET ON PARAMETER inventory_core.clock TO {name}")
        connections = []

        def connect():
            connections.append(psycopg.connect(dbname=name, user=name, autocommit=True, prepare_threshold=None))
            connections[-1].execute("SELECT inventory_core.current_tenant()")       # loads the library
            return connections[-1]

        yield connect
        for connection in connections:
            connection.close()


def at(connection, second):
    connection.execute(f"SET inventory_core.clock = '2026-01-01 00:00:{second:02d}+00'")


def start(connection, tenant):
    return connection.execute("SELECT status, reason, run_id FROM inventory_core.start_run(%s, '{}')", (tenant,)).fetchone()


def batch(connection, run_id, external_id):
    connection.execute("SELECT inventory_core.upsert_items(%s, %s, %s::json)",
                       (TENANTS[0], run_id, json.dumps([{"policy_type": "t", "external_id": external_id}])))


def lease_end(connection):
    return connection.execute("SELECT lease_expires_at::text FROM inventory_core.inventory_sync_runs(%s)", (TENANTS[0],)).fetchone()[0]


@pytest.mark.parametrize("end", ["ROLLBACK", "COMMIT"])
def test_neighbour_in_an_open_transaction(connect, end):
    """Its batch came first and was to prolong the slot, and has not ended when ours comes."""
    ours, neighbour, other = connect(), connect(), connect()
    for connection in (ours, neighbour):
        at(connection, 0)
    _, _, run_id = start(ours, TENANTS[0])
    batch(ours, run_id, "a")        # the slot: until 11
    at(neighbour, 2)
    at(ours, 9)
    neighbour.execute("BEGIN")
    batch(neighbour, run_id, "a")
    batch(ours, run_id, "a")        # the lease: until 19
    neighbour.execute(end)
    assert lease_end(ours).startswith("2026-01-01 00:00:19")
    at(other, 14)
    assert start(other, TENANTS[1])[:2] == ("skipped", "global_limit")
