"""Two tenants side by side in a throw-away database, each with a plain role that may do all to its own tenant.

Tenant b, and a tenant that is named after the canary, carry the canary in every text that they store.
"""

import itertools
import json
import os
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

A, B = "a", "b"
CANARY = "kanarienvogel"        # letters only: redaction leaves it alone
UNKNOWN_RUN = str(uuid.UUID(int=7))
UNKNOWN_HASH = "0" * 64


@dataclass
class World:
    database: str
    roles: dict                              # tenant -> the plain role that is its maintainer
    runs: dict = field(default_factory=dict)       # tenant -> {'success', 'partial', 'running': run id}
    hashes: dict = field(default_factory=dict)     # tenant -> its selections' hashes

    def connect(self, tenant, **options):
        return connect(self.database, self.roles[tenant], **options)

    def admin(self):
        return connect(self.database)


def connect(database, user=None, **options):
    options.setdefault("autocommit", True)
    options.setdefault("prepare_threshold", None)       # psycopg would DEALLOCATE ALL on its own
    return psycopg.connect(dbname=database, user=user or os.environ.get("PGUSER", "postgres"), **options)


def run(connection, statement, *identifiers):
    return connection.execute(sql.SQL(statement).format(*map(sql.Identifier, identifiers)))


def qualified(relation):
    """Views stand in the schema that people call, tables in the other."""
    is_view = relation.startswith("inventory_") or relation == "run_progress"
    return f"{'inventory_core' if is_view else 'inventory_core_internal'}.{relation}"


def value(connection, statement, args=()):
    return connection.execute(statement, args or None).fetchone()[0]


def bind(connection, tenant):
    connection.execute("SELECT inventory_core.set_tenant(%s)", (tenant,))


def grant(connection, role, tenant, access):
    connection.execute("SELECT inventory_core.grant_access(quote_ident(%s)::regrole, %s, %s)", (role, tenant, access))


@contextmanager
def plain_roles(*names):
    """Roles of that names for a while; the databases in which they hold something must be gone before."""
    with connect("postgres") as server:
        for name in names:
            run(server, "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS", name)
        try:
            yield
        finally:
            for name in names:
                run(server, "DROP ROLE IF EXISTS {}", name)


@contextmanager
def empty_database(name, template="template1"):
    with connect("postgres") as server:
        run(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
    try:
        yield name
    finally:
        with connect("postgres") as server:
            run(server, "DROP DATABASE {} WITH (FORCE)", name)


def names(*roles):
    return [f'isolation "{role}" {os.getpid()}' for role in roles]


SCENES = itertools.count(1)


@contextmanager
def prepared(version=None):
    number = next(SCENES)               # there may be several at a time
    role_a, role_b, database = names(f"{A} {number}", f"{B} {number}", f"template {number}")
    world = World(database, {A: role_a, B: role_b, CANARY: role_b})
    with plain_roles(role_a, role_b), empty_database(database):
        install(world, version)
        for tenant in world.roles:
            mark = "alpha" if tenant == A else CANARY
            with world.connect(tenant) as connection, world.connect(tenant) as neighbour:
                world.runs[tenant], world.hashes[tenant] = fill(connection, neighbour, tenant, mark)
        with world.admin() as owner:
            owner.execute("ANALYZE")
        yield world


def install(world, version=None):
    with world.admin() as owner:
        owner.execute("CREATE EXTENSION inventory_core" + (f" VERSION '{version}'" if version else ""))
        owner.execute("SELECT inventory_core.allow_meta('*', 'owner')")
        for tenant, role in world.roles.items():
            grant(owner, role, tenant, "maintainer")
            owner.execute("SELECT inventory_core.set_tenant_limit(%s, 7)", (tenant,))
            owner.execute("INSERT INTO inventory_core_internal.tenant_moves VALUES (%s, 'here', gen_random_uuid(), now())", (tenant,))
        owner.execute("INSERT INTO inventory_core_internal.home_ranges VALUES (-2147483648, 2147483647)")


COPIES = itertools.count(1)


@contextmanager
def copy(world):
    """The same in a database of its own, which a test may spoil."""
    with empty_database(f"isolation copy {os.getpid()} {next(COPIES)}", world.database) as database:
        yield World(database, world.roles, world.runs, world.hashes)


def disable_policies(world):
    with world.admin() as owner:
        for (table,) in owner.execute("SELECT relname FROM pg_class WHERE relrowsecurity "
                                      "AND relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[])").fetchall():
            run(owner, "ALTER TABLE inventory_core_internal.{} DISABLE ROW LEVEL SECURITY", table)


def items(mark, numbers, name="name"):
    return json.dumps([{"policy_type": f"{mark} disk", "external_id": f"{mark} {number}",
                        "display_name": f"{name} {mark} {number}", "meta": {"owner": mark}} for number in numbers])


def fill(connection, neighbour, tenant, mark):
    """A history with a row in every table and view: two completed runs, one running, errors, refusals, waits."""
    def start(selection, connection=connection):
        return connection.execute(
            "SELECT run_id, selection_hash FROM inventory_core.start_run(%s, %s, %s, gen_random_uuid(), scope => %s)",
            (tenant, json.dumps(selection), f"correlation {mark}", f"scope {mark}")).fetchone()

    def upsert(run_id, batch):
        connection.execute("SELECT inventory_core.upsert_items(%s, %s, %s)", (tenant, run_id, batch))

    daily, hourly = {"list": mark}, {"list": mark, "often": True}
    first, daily_hash = start(daily)
    upsert(first, items(mark, range(1, 7)))
    connection.execute("SELECT inventory_core.finish_run(%s, %s)", (tenant, first))
    second, _ = start(daily)
    upsert(second, items(mark, [1, 2, 7], name="renamed"))
    connection.execute("SELECT inventory_core.record_error(%s, %s, %s, %s, 500, %s)",
                       (tenant, second, f"{mark}_code", f"{mark} broke", f"{mark} disk"))
    connection.execute("SELECT inventory_core.finish_run(%s, %s, 'partial')", (tenant, second))
    with connection.transaction():                              # a line of a run that was pruned, as prune_runs leaves it
        bind(connection, tenant)
        connection.execute("""INSERT INTO inventory_core_internal.pruned_runs
            SELECT tenant_id, selection_hash, 0, gen_random_uuid(), started_at, 'failed', '{timeout}'
            FROM inventory_core_internal.sync_runs WHERE tenant_id = %s AND run_id = %s""", (tenant, first))
    third, hourly_hash = start(hourly)
    upsert(third, items(mark, [1, 3, 8]))
    connection.execute("SELECT inventory_core.remove_items(%s, %s, %s)", (tenant, third, items(mark, [8])))
    with connection.transaction():                              # rows of other ends of runs, as they leave them
        bind(connection, tenant)
        connection.execute("""INSERT INTO inventory_core_internal.removed_items
            SELECT tenant_id, selection_hash, chunk, -1, 1, 1, inventory_core_internal._bitmap_union(NULL)
            FROM inventory_core_internal.presence WHERE tenant_id = %s""", (tenant,))
        connection.execute("INSERT INTO inventory_core_internal.feed_waiting VALUES (%s, gen_random_uuid())", (tenant,))
        connection.execute("""INSERT INTO inventory_core_internal.feed_pruned
            VALUES (%s, 0, '00000000-0000-0000-0000-000000000000', 0, 0)""", (tenant,))
        connection.execute("INSERT INTO inventory_core_internal.feed_items VALUES (%s, 0, 0, inventory_core_internal._bitmap_union(NULL))",
                           (tenant,))
    start(hourly)                                               # refused: it is running already
    with neighbour.transaction():
        start(hourly, neighbour)                                # refused too, and holds the lock of the row that counts
        start(hourly)
    connection.execute("SELECT inventory_core.record_throttle(%s, %s, 429, '3600', scope => %s)",
                       (tenant, third, f"scope {mark}"))
    runs = {"success": str(first), "partial": str(second), "running": str(third)}
    return runs, [daily_hash, hourly_hash]
