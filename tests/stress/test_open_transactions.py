"""What another's open transaction must not do: make a limit leak, refuse a start that has room, or hold up a batch."""

import itertools
import json
import threading
import time
from contextlib import contextmanager

import psycopg
import pytest

from stress_server import set_for_database, shared_database

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def database():
    with shared_database(["*"], "maintainer", max_running_runs=-1, max_running_runs_per_tenant=4) as (name, owner):
        yield name, owner


@pytest.fixture
def tenant():
    return f"tenant {next(NUMBERS)}"


@contextmanager
def sessions(database, count):
    found = [psycopg.connect(dbname=database[0], user=database[0], autocommit=True, prepare_threshold=None) for _ in range(count)]
    try:
        yield found
    finally:
        for session in found:
            session.close()


def start(session, tenant, lease="1 hour"):
    return session.execute("SELECT run_id, status, reason FROM inventory_core.start_run(%s, %s, lease => %s)",
                           (tenant, json.dumps({"n": next(NUMBERS)}), lease)).fetchone()


def batch(session, tenant, run_id):
    session.execute("SELECT inventory_core.upsert_items(%s, %s, '[]')", (tenant, run_id))


def test_a_new_limit_counts_the_first_starts_of_a_tenant(database, tenant):
    """Before its first batch or end a tenant has no row that a start could share."""
    with sessions(database, 3) as (first, second, third):
        run_id, *_ = start(first, tenant)
        second.execute("BEGIN")
        assert start(second, tenant)[1] == "running"
        first.execute("SELECT inventory_core.finish_run(%s, %s)", (tenant, run_id))
        lowering = threading.Thread(target=database[1].execute, args=("SELECT inventory_core.set_tenant_limit(%s, 1)", (tenant,)))
        lowering.start()
        lowering.join(0.5)
        start(third, tenant)
        second.execute("COMMIT")
        lowering.join()
        if start(third, tenant)[1] == "running":
            pytest.fail("another run under a limit of 1")


def test_a_stranger_with_the_keys_refuses_nobody(database, tenant):
    with sessions(database, 3) as (stranger, first, second):
        stranger.execute("SELECT pg_advisory_lock(inventory_core.selection_lock_key(%s, 'tenant slot ' || n)) "
                         "FROM generate_series(1, 20) AS n", (tenant,))
        first.execute("BEGIN")
        assert start(first, tenant)[1:] == ("running", None)
        assert start(second, tenant)[1:] == ("running", None)


def test_a_batch_does_not_wait_for_a_strangers_start(database, tenant):
    with sessions(database, 1) as (writer,):
        runs = [start(writer, tenant, "1 second")[0] for _ in range(3)]
        time.sleep(1.3)
    set_for_database(database[1], "max_running_runs", "2")
    try:
        with sessions(database, 2) as (writer, stranger):
            stranger.execute("BEGIN")
            start(stranger, tenant + " stranger")
            writer.execute("SET lock_timeout = '1s'")
            for run_id in runs:
                try:
                    batch(writer, tenant, run_id)
                except psycopg.errors.ObjectNotInPrerequisiteState:
                    pass
    finally:
        set_for_database(database[1], "max_running_runs", "-1")
