"""Start, batches and finish through PgBouncer in transaction mode: a client gets another connection with every transaction."""

import json
import threading

import psycopg

from pooler import POOL, pgbouncer
from stress_server import shared_database

CLIENTS = 8
TENANTS = ("pooled 1", "pooled 2")
BATCHES, ITEMS = 6, 10


class PooledClient(threading.Thread):
    def __init__(self, database, port, tenant, number):
        super().__init__(daemon=True)
        self.tenant, self.number = tenant, number
        self.connection = psycopg.connect(host="127.0.0.1", port=port, dbname=database, user=database, autocommit=True,
                                          prepare_threshold=None)
        self.backends, self.failure, self.finished = set(), None, None

    def one(self, statement, *args):
        row = self.connection.execute(statement, args).fetchone()
        return row[0] if len(row) == 1 else row

    def run(self):
        try:
            self.sync()
        except Exception as failure:        # shown by the test
            self.failure = failure
        finally:
            self.connection.close()

    def sync(self):
        selection = json.dumps({"client": self.number})
        status, run_id = self.one("SELECT status, run_id FROM inventory_core.start_run(%s, %s::jsonb)", self.tenant, selection)
        assert status == "running"
        for batch in range(BATCHES):
            items = json.dumps([{"policy_type": "t", "external_id": f"{self.number} {batch} {n}"} for n in range(ITEMS)])
            upsert = "SELECT observed FROM inventory_core.upsert_items(%s, %s, %s::json)"
            if batch % 2:
                assert self.one(upsert, self.tenant, run_id, items) == ITEMS
            else:
                with self.connection.transaction():
                    assert self.one(upsert, self.tenant, run_id, items) == ITEMS
                    self.backends.add(self.one("SELECT pg_backend_pid()"))
                    assert self.one("SELECT inventory_core.current_tenant()") == self.tenant
            # The next transaction, on whatever connection, is bound to nobody.
            assert self.one("SELECT inventory_core.current_tenant()") is None
            self.one("SELECT inventory_core.heartbeat(%s, %s)", self.tenant, run_id)
        self.finished = self.one("SELECT status, observed_count, inserted_count FROM inventory_core.finish_run(%s, %s)",
                                 self.tenant, run_id)


def test_transaction_mode():
    with (shared_database(TENANTS, max_running_runs=-1, max_running_runs_per_tenant=-1) as (name, owner), pgbouncer(name) as port):
        clients = [PooledClient(name, port, TENANTS[n % 2], n) for n in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        assert [repr(c.failure) for c in clients if c.failure] == []
        assert [c.finished for c in clients] == [("success", BATCHES * ITEMS, BATCHES * ITEMS)] * CLIENTS
        backends = set().union(*(c.backends for c in clients))
        assert len(backends) <= POOL, "this was no pooling"
        assert any(len(c.backends) > 1 for c in clients), "nobody changed connections"
        assert owner.execute("SELECT count(*) FROM inventory_core_internal.items").fetchone() == (CLIENTS * BATCHES * ITEMS,)
        assert owner.execute("SELECT count(*) FROM inventory_core_internal.sync_runs WHERE status = 'running'").fetchone() == (0,)
