"""On Citus, a plain role is told the same as on a plain server, from every node and in every shape of a call."""

import json
import os
import subprocess
import sys
import threading

import psycopg
import pytest

import syncers
import upstream
from cluster import DATABASE

TENANTS = [f"tenant {number}" for number in range(6)]           # on both workers
ROLE = "app"


@pytest.fixture(scope="module")
def app(citus):
    citus.make_role(ROLE)
    for node in (citus.coordinator, citus.plain):
        for tenant in TENANTS:
            node.do("SELECT inventory_core.grant_access(%s::regrole, %s, 'maintainer')", ROLE, tenant)
    assert len({citus.home_of(tenant).name for tenant in TENANTS}) == 2
    return citus


def items(numbers, name="name"):
    return json.dumps([{"policy_type": "disk", "external_id": f"{n}", "display_name": f"{name} {n}", "meta": {"owner": "x", "y": 1}}
                       for n in numbers])


# What differs between any two servers: ids that are drawn, and times.
def told(connection, statement, *args):
    rows = connection.execute(statement, args or None).fetchall()
    return sorted(repr([value for value in row if not hasattr(value, "hex") and not hasattr(value, "tzinfo")]) for row in rows)


def flow(connections, tenant):
    """All that a syncer is told, each call through the next of the connections."""
    turn = iter(range(10**6))

    def call(statement, *args):
        return told(connections[next(turn) % len(connections)], statement, *args)

    def start(**options):
        return connections[next(turn) % len(connections)].execute(
            "SELECT run_id FROM inventory_core.start_run(%s, '{\"list\": 1}', request_id => gen_random_uuid())", (tenant,)).fetchone()[0]

    said = []
    first = start()
    said.append(call("SELECT * FROM inventory_core.upsert_items(%s, %s, %s)", tenant, first, items(range(5))))
    said.append(call("SELECT reason FROM inventory_core.start_run(%s, '{\"list\": 1}')", tenant))
    said.append(call("SELECT inventory_core.heartbeat(%s, %s) > now()", tenant, first))
    said.append(call("SELECT status, observed_count FROM inventory_core.finish_run(%s, %s)", tenant, first))
    second = start()
    said.append(call("SELECT * FROM inventory_core.upsert_items(%s, %s, %s)", tenant, second, items([1, 2, 9], "renamed")))
    call("SELECT inventory_core.record_error(%s, %s, 'forbidden', 'password=hunter2', 403, 'disk')", tenant, second)
    said.append(call("SELECT inventory_core.record_throttle(%s, %s, 429, '60', scope => 'api') > '1 s'", tenant, second))
    said.append(call("SELECT inventory_core.cooling_down(%s, 'api') > '1 s'", tenant))
    said.append(call("SELECT inventory_core.end_cooldown(%s, 'api')", tenant))
    said.append(call("SELECT status, had_errors FROM inventory_core.finish_run(%s, %s, 'partial')", tenant, second))
    the_hash = "inventory_core.selection_hash('{\"list\": 1}')"
    for answer in ("inventory_items(%s)", "inventory_sync_runs(%s)", "inventory_sync_errors(%s)", "inventory_selections(%s)",
                   "run_progress(%s)", f"missing_items(%s, {the_hash})", f"missing_items(%s, {the_hash}, 'latest_clean')",
                   f"missing_summary(%s, {the_hash})", f"selection_status(%s, {the_hash})",
                   f"explain_missing(%s, {the_hash}, 'disk', '4')", f"type_counts(%s, {the_hash})"):
        said.append((answer, call(f"SELECT * FROM inventory_core.{answer}", tenant)))
    said.append(call("SELECT * FROM inventory_core.run_changes(%s, %s)", tenant, second))
    said.append(call("SELECT inventory_core.prune_runs(%s, '0', 1)", tenant))
    said.append(call(f"SELECT inventory_core.forget_missing(%s, {the_hash}, 1, '0')", tenant))
    said.append(call("SELECT inventory_core.forget_tenant(%s)", tenant))
    return said


@pytest.mark.parametrize("tenant", TENANTS[:2])
@pytest.mark.parametrize("through", ["coordinator", "worker 1", "worker 2", "all in turn"])
def test_the_flow_is_that_of_a_plain_server(app, tenant, through):
    with app.plain.connect(ROLE) as plain:
        expected = flow([plain], tenant)
    connections = [node.connect(ROLE) for node in app.nodes if through in (node.name, "all in turn")]
    try:
        assert flow(connections, tenant) == expected
    finally:
        for connection in connections:
            connection.close()


SHAPES = {
    "FROM": "SELECT count(*) FROM inventory_core.inventory_items('{tenant}')",
    "expression": "SELECT count(*) FROM (SELECT (inventory_core.inventory_items('{tenant}')).item_id) AS x",
    "WHERE": "SELECT count(*) FROM inventory_core.inventory_items('{tenant}') AS i WHERE i.policy_type = 'disk'",
    "CTE": "WITH i AS MATERIALIZED (SELECT * FROM inventory_core.inventory_items('{tenant}')) SELECT count(*) FROM i",
    "join": "SELECT count(DISTINCT i.item_id) FROM inventory_core.inventory_items('{tenant}') AS i "
            "JOIN inventory_core.inventory_selections('{tenant}') AS s ON true",
    "lateral": "SELECT count(*) FROM (VALUES ('{tenant}')) AS v (t), LATERAL inventory_core.inventory_items(v.t) AS i",
    "subselect": "SELECT (SELECT count(*) FROM inventory_core.inventory_items('{tenant}'))",
}


@pytest.fixture(scope="module")
def filled(app):
    """A tenant of each worker with three items and a running run: {tenant: run_id}."""
    runs = {}
    for tenant in TENANTS[2:]:
        with app.coordinator.connect(ROLE) as connection:
            (runs[tenant],) = connection.execute("SELECT run_id FROM inventory_core.start_run(%s, '{}')", (tenant,)).fetchone()
            connection.execute("SELECT inventory_core.upsert_items(%s, %s, %s)", (tenant, runs[tenant], items(range(3))))
    return runs


@pytest.mark.parametrize("at", [0, 1, 2], ids=["coordinator", "worker 1", "worker 2"])
def test_every_shape_of_a_call(app, filled, at):
    for tenant, run_id in filled.items():
        with app.nodes[at].connect(ROLE) as connection:
            for name, statement in SHAPES.items():
                assert connection.execute(statement.format(tenant=tenant)).fetchone() == (3,), name
            connection.execute("PREPARE p (text) AS SELECT count(*) FROM inventory_core.inventory_items($1)")
            for _ in range(8):                                  # a generic plan, from the sixth on
                assert connection.execute(f"EXECUTE p ('{tenant}')").fetchone() == (3,)
            connection.execute(f"""DO $$ DECLARE n bigint; t text := '{tenant}'; BEGIN
                SELECT count(*) INTO n FROM inventory_core.inventory_items(t);
                ASSERT n = 3;
                PERFORM inventory_core.heartbeat(t, '{run_id}');
                FOR n IN SELECT i.item_id FROM inventory_core.inventory_items(t) AS i LOOP END LOOP;
                ASSERT n > 0;
            END $$""")
            with connection.transaction():
                connection.execute(f"DECLARE c CURSOR FOR SELECT * FROM inventory_core.inventory_items('{tenant}')")
                assert len(connection.execute("FETCH ALL FROM c").fetchall()) == 3
            with connection.cursor().copy(f"COPY (SELECT * FROM inventory_core.inventory_items('{tenant}')) TO STDOUT") as copy:
                assert len(b"".join(copy).splitlines()) == 3
            connection.execute("CREATE TEMP TABLE kept (item_id bigint)")
            connection.execute(f"INSERT INTO kept SELECT i.item_id FROM inventory_core.inventory_items('{tenant}') AS i")
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (3,)


@pytest.mark.parametrize("at", [0, 1, 2], ids=["coordinator", "worker 1", "worker 2"])
def test_errors_and_savepoints(app, filled, at):
    for tenant, run_id in filled.items():
        with app.nodes[at].connect(ROLE) as connection, app.plain.connect(ROLE) as plain:
            (plain_run,) = plain.execute("SELECT run_id FROM inventory_core.start_run(%s, '{\"p\": 1}', lease => '1 s')", (tenant,)).fetchone() or (None,)
            for call, here, there in (("upsert_items(%s, %s, '[{}]')", run_id, plain_run), ("missing_items(%s, %s)", "0" * 64, "0" * 64),
                                      ("finish_run(%s, %s, 'well')", run_id, plain_run)):
                with pytest.raises(psycopg.Error) as expected:
                    plain.execute(f"SELECT * FROM inventory_core.{call}", (tenant, there))
                with pytest.raises(psycopg.Error) as raised:
                    connection.execute(f"SELECT * FROM inventory_core.{call}", (tenant, here))
                for part in ("sqlstate", "message_primary", "message_detail", "message_hint"):
                    assert getattr(raised.value.diag, part) == getattr(expected.value.diag, part)
            if plain_run:
                plain.execute("SELECT inventory_core.forget_tenant(%s)", (tenant,))
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for tenant"):
                connection.execute("SELECT * FROM inventory_core.inventory_items('somebody else')")
            with connection.transaction():
                with connection.transaction(force_rollback=True):
                    connection.execute("SELECT inventory_core.upsert_items(%s, %s, %s)", (tenant, run_id, items([77])))
                assert connection.execute("SELECT count(*) FROM inventory_core.inventory_items(%s)", (tenant,)).fetchone() == (3,)


def test_a_call_that_is_not_forwarded_is_refused(app, filled):
    for tenant in filled:
        for node in app.nodes:
            if node is not app.home_of(tenant):
                with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="not on the node"):
                    node.do("SELECT inventory_core.set_tenant(%s)", tenant, user=ROLE)


def test_the_limit_of_a_tenant_holds_over_three_nodes(app):
    tenant = TENANTS[0]
    app.coordinator.do("SELECT inventory_core.set_tenant_limit(%s, 3)", tenant)
    started = []

    def start(node, number):
        with node.connect(ROLE) as connection:
            started.append(connection.execute("SELECT status, reason FROM inventory_core.start_run(%s, %s)",
                                              (tenant, json.dumps({"n": number}))).fetchone())

    threads = [threading.Thread(target=start, args=(app.nodes[n % 3], n)) for n in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(started) == [("running", None)] * 3 + [("skipped", "tenant_limit")] * 6
    app.coordinator.do("SELECT inventory_core.forget_tenant(%s)", tenant, user=ROLE)
    app.workers[0].do("SELECT inventory_core.set_tenant_limit(%s, NULL)", tenant)
    for node in app.nodes:
        assert node.ask("SELECT * FROM inventory_core_internal.tenant_limits") == []


def test_the_functions_of_the_owner_run_on_every_node(app):
    def everywhere(table):
        return [node.ask(f"SELECT * FROM inventory_core_internal.{table} WHERE true") for node in app.nodes]

    app.workers[1].do("SELECT inventory_core.allow_meta('disk', 'size', 'zone')")
    assert all(("disk", "zone") in rows for rows in everywhere("meta_whitelist"))
    app.coordinator.do("SELECT inventory_core.disallow_meta('disk', 'size', 'zone')")
    assert all(("disk", "zone") not in rows for rows in everywhere("meta_whitelist"))
    for node in app.nodes:                                      # a worker can grant, too
        node.do("SELECT inventory_core.grant_access(%s::regrole, 'granted', 'reader')", ROLE)
        assert all(any(row[0] == "granted" for row in rows) for rows in everywhere("tenant_grants"))
        node.do("SELECT inventory_core.revoke_access(%s::regrole, 'granted')", ROLE)
        assert not any(row[0] == "granted" for rows in everywhere("tenant_grants") for row in rows)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="invalid value for access"):
        app.coordinator.do("SELECT inventory_core.grant_access(%s::regrole, 'granted', 'king')", ROLE)


def test_doctor_and_maintain_on_every_node(app, filled):
    rows = app.coordinator.ask("SELECT check_name, ok, detail FROM inventory_core.doctor()")
    for node in app.workers:
        assert any(detail.startswith(node.address) for _, _, detail in rows)
    assert [row for row in rows if row[1] is False and row[0] != "row_level_security"] == []
    for node in app.nodes:
        node.do("CALL inventory_core.maintain('0', 1)")
        node.do("CALL inventory_core.maintain()", user=ROLE)


def test_distribute_may_be_repeated_and_replaces_what_an_upgrade_brought(app, filled):
    ranges = [node.ask("SELECT * FROM inventory_core_internal.home_ranges ORDER BY 1") for node in app.nodes]
    # as CREATE OR REPLACE FUNCTION of an upgrade script leaves it
    for node in app.nodes:
        with node.connect() as owner:
            owner.execute("SET citus.enable_ddl_propagation = off")
            owner.execute("CREATE OR REPLACE FUNCTION inventory_core.heartbeat(tenant text, run_id uuid) RETURNS timestamptz "
                          "LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS "
                          "$$ BEGIN PERFORM inventory_core_internal._begin_write(tenant); RETURN '2042-01-01 00:00+00'; END $$")
    app.coordinator.do("CALL inventory_core.distribute(8)")
    assert [node.ask("SELECT * FROM inventory_core_internal.home_ranges ORDER BY 1") for node in app.nodes] == ranges
    for node in app.nodes:
        for tenant, run_id in filled.items():
            assert node.ask("SELECT extract(year FROM inventory_core.heartbeat(%s, %s))::integer", tenant, run_id, user=ROLE) == [(2042,)]
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="at the coordinator"):
        app.workers[0].do("CALL inventory_core.distribute()")


@pytest.mark.parametrize("at", [0, 1, 2], ids=["coordinator", "worker 1", "worker 2"])
def test_the_python_example_unmodified(app, at):
    tenant = f"example {at}"
    for node in (app.coordinator, app.plain):
        node.do("SELECT inventory_core.grant_access(%s::regrole, %s, 'writer')", ROLE, tenant)
        node.do("SELECT inventory_core.allow_meta('*', 'version', 'installed_size')")
    seen = []
    for node in (app.plain, app.nodes[at]):
        with upstream.upstream() as server:
            server.list("example", upstream.packages()[:60])
            env = {**os.environ, "PGHOST": str(node.server.folder), "PGPORT": "5432", "PGUSER": ROLE, "PGDATABASE": DATABASE,
                   "UPSTREAM_URL": server.url("example"), "TENANT": tenant}
            done = subprocess.run([sys.executable, "-B", str(syncers.SOURCES["python"])], env=env, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stderr
        with node.connect(ROLE) as connection:
            seen.append((told(connection, "SELECT * FROM inventory_core.inventory_items(%s)", tenant),
                         told(connection, "SELECT status, observed_count, inserted_count FROM inventory_core.inventory_sync_runs(%s)", tenant)))
    assert seen[0] == seen[1] and seen[0][0]


def test_a_worker_that_is_down(app, filled):
    down = app.workers[1]
    down.server.stop("fast")
    try:
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="failed on other nodes") as refused:
            app.coordinator.do("SELECT inventory_core.allow_meta('disk', 'late')")
        assert down.address in refused.value.diag.message_detail
        (row,) = app.coordinator.ask("SELECT ok, detail FROM inventory_core.doctor() WHERE check_name = 'node'")
        assert row[0] is False and row[1].startswith(down.address)
    finally:
        down.server.start()
    app.coordinator.do("SELECT inventory_core.allow_meta('disk', 'late')")
    for node in app.nodes:
        assert ("disk", "late") in node.ask("SELECT * FROM inventory_core_internal.meta_whitelist")
    assert app.coordinator.ask("SELECT count(*) FROM inventory_core.inventory_items(%s)", TENANTS[2], user=ROLE) == [(3,)]
