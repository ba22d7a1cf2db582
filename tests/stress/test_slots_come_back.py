"""A start looks at slots that are being taken, and must not keep its hands on them: neither a batch nor the end of the
run that holds such a slot may find it locked."""

import json
import threading
import time

import psycopg
import pytest

from stress_server import shared_database

SECONDS, STARTERS, SLOTS = 6, 5, 16


@pytest.fixture(scope="module")
def beside_starters():
    """(runs, first batches that were refused, slots that completed runs hold)"""
    with shared_database(["busy", "calm"], max_running_runs=SLOTS, max_running_runs_per_tenant=-1) as (name, owner):
        stop = threading.Event()

        def connect(autocommit):
            return psycopg.connect(dbname=name, user=name, autocommit=autocommit)

        def keep_starting(number):
            with connect(False) as session:
                while not stop.is_set():
                    session.execute("SELECT inventory_core.start_run('busy', %s)", (json.dumps({"starter": number}),))
                    time.sleep(0.02)
                    session.rollback()

        starters = [threading.Thread(target=keep_starting, args=(number,)) for number in range(STARTERS)]
        for starter in starters:
            starter.start()
        runs = refused = 0
        try:
            with connect(True) as session:
                until = time.monotonic() + SECONDS
                while time.monotonic() < until:
                    run_id, = session.execute("SELECT run_id FROM inventory_core.start_run('calm', '{}', lease => '1 hour')").fetchone()
                    if run_id is None:
                        continue
                    runs += 1
                    try:
                        session.execute("SELECT inventory_core.upsert_items('calm', %s, '[]')", (run_id,))
                    except psycopg.errors.ObjectNotInPrerequisiteState:
                        refused += 1
                    session.execute("SELECT inventory_core.finish_run('calm', %s)", (run_id,))
        finally:
            stop.set()
            for starter in starters:
                starter.join()
        held, = owner.execute("SELECT count(*) FROM inventory_core_internal.run_slots WHERE holder IS NOT NULL").fetchone()
        yield runs, refused, held


def test_no_first_batch_is_refused(beside_starters):
    runs, refused, _ = beside_starters
    assert runs > 20 and refused == 0


def test_a_completed_run_holds_none(beside_starters):
    assert beside_starters[2] == 0
