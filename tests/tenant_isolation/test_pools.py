"""Many clients, few connections: nobody ever sees a tenant that it did not bind itself."""

import os
from collections import Counter
from random import SystemRandom

import psycopg
import pytest

import pool
import scene
from scene import A, B, CANARY, connect, grant, names, plain_roles, run, value

CLIENTS, TRANSACTIONS = 20, 1000


@pytest.fixture(scope="module")
def application(prepared):
    """One role for all tenants, as an application behind a pool has it."""

    role, = names("application")
    with plain_roles(role), scene.copy(prepared) as world:
        with world.admin() as owner:
            for tenant in (A, B, CANARY):
                grant(owner, role, tenant, "reader")
        yield world.database, role


pytestmark = pytest.mark.skipif(pool.pgbouncer() is None, reason="pgbouncer is not installed (apt-get install pgbouncer)")


@pytest.mark.parametrize("size", [1, 2])
def test_twenty_clients(application, size):
    database, role = application
    seed = int(os.environ.get("IC_SEED", SystemRandom().randrange(10**9)))
    print(f"seed {seed} (IC_SEED={seed} repeats the choices, though not the timing)")
    with pool.transaction_pool(role, size) as port:
        clients = [pool.Client(database, role, port, (A, B, CANARY), seed + number, TRANSACTIONS // CLIENTS)
                   for number in range(CLIENTS)]
        killer = pool.Killer(database, role, seed)
        killer.start()
        for client in clients:
            client.start()
        for client in clients:
            client.join(120)
        killer.stopped.set()
        killer.join(5)
    assert not [client for client in clients if client.is_alive()]
    assert [wrong for client in clients for wrong in client.wrong] == []
    done = sum((client.done for client in clients), Counter())
    assert sum(done.values()) == TRANSACTIONS
    for how in ("whole", "twin", "unbound", "savepoint", "error", "leave", "lost"):
        assert done[how] > 0, done
    assert killer.killed > 0
    servers = set.union(*(client.servers for client in clients))
    assert len(servers) < TRANSACTIONS / 4, "the connections were not shared"


def test_the_clients_would_notice(application):
    """The control: a binding that a superuser lets the role set for a whole session is seen by the next client."""
    database, role = application
    with connect(database) as owner:
        run(owner, "GRANT SET ON PARAMETER inventory_core.tenant TO {}", role)
        number = value(owner, "SELECT oid FROM pg_roles WHERE rolname = %s", (role,))
    try:
        with pool.transaction_pool(role, 1) as port:
            with psycopg.connect(dbname=database, user=role, host="127.0.0.1", port=port, autocommit=True) as session:
                session.execute("SELECT inventory_core.current_tenant()")
                session.execute(f"SET inventory_core.tenant = '{number}/reader/b'")
            client = pool.Client(database, role, port, (A,), 1, 5)
            client.run()
        assert client.wrong
    finally:
        with connect(database) as owner:
            run(owner, "REVOKE ALL ON PARAMETER inventory_core.tenant FROM {}", role)
