"""A refused start is counted, also where another transaction holds the row lock of the selection."""

import threading

import psycopg
import pytest

from stress_server import shared_database

TENANT = "counted"
CLIENTS, POLLS = 6, 30


@pytest.fixture
def connect():
    with shared_database([TENANT]) as (name, owner):
        connections = []

        def connect():
            connections.append(psycopg.connect(dbname=name, user=name, autocommit=True, prepare_threshold=None))
            return connections[-1]

        connect.owner = owner
        start(connect())
        yield connect
        for connection in connections:
            connection.close()


def start(connection):
    return connection.execute("SELECT status FROM inventory_core.start_run(%s, '{}')", (TENANT,)).fetchone()[0]


def counted(connection):
    return connection.execute("SELECT refused_count, last_refused_reason FROM inventory_core.inventory_selections(%s)",
                              (TENANT,)).fetchone()


def not_added_up(connect):
    return connect.owner.execute("SELECT count(*) FROM inventory_core_internal.refusals").fetchone()[0]


@pytest.mark.parametrize("end, of_the_open_one", [("COMMIT", 1), ("ROLLBACK", 0)])
def test_beside_an_open_refusal(connect, end, of_the_open_one):
    ours, neighbour = connect(), connect()
    neighbour.execute("BEGIN")
    assert start(neighbour) == start(ours) == "skipped"
    assert counted(ours) == (1, "already_running") and not_added_up(connect) == 1
    neighbour.execute(end)
    assert counted(ours) == (1 + of_the_open_one, "already_running")
    assert start(ours) == "skipped"
    assert counted(ours) == (2 + of_the_open_one, "already_running") and not_added_up(connect) == 0


def test_many_at_once(connect):
    answers = []

    def poll(connection):
        answers.extend(start(connection) for _ in range(POLLS))

    threads = [threading.Thread(target=poll, args=(connect(),)) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["skipped"] * CLIENTS * POLLS
    assert counted(connect())[0] == CLIENTS * POLLS
