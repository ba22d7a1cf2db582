"""What tenant a might get at, way by way: each check holds for every object that the catalogue lists.

A check is a generator function of a World; it yields (subject, probe) and `probe()` raises where a learns of b,
or reaches it. HELD_BY_POLICIES are those that only row-level security keeps; HELD_TWICE hold without it too,
because our functions name their tenant in every statement and bind it first.
"""

import json
import uuid
from contextlib import contextmanager
from functools import partial

import psycopg
from psycopg import errors, sql

from scene import A, B, UNKNOWN_HASH, UNKNOWN_RUN, bind, value

HELD_BY_POLICIES, HELD_TWICE = {}, {}


def held_by_policies(check):
    HELD_BY_POLICIES[check.__name__] = check
    return check


def held_twice(check):
    HELD_TWICE[check.__name__] = check
    return check


@contextmanager
def bound(world, tenant=A, binds=True):
    """A transaction of a tenant's role that is always rolled back."""
    with world.connect(tenant) as connection, connection.transaction(force_rollback=True):
        if binds:
            bind(connection, tenant)
        yield connection


def relations(world, kinds="rv", privilege="SELECT"):
    """(name, quoted name, columns a may use) of everything with a tenant; tenant_grants are a check of their own."""
    with world.admin() as owner:
        return owner.execute("""
            SELECT c.relname, c.oid::regclass::text,
                   array_agg(a.attname::text ORDER BY a.attnum)
            FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind = ANY (%(kinds)s)
              AND EXISTS (SELECT FROM pg_attribute AS t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id')
              AND c.relname <> 'tenant_grants' AND a.attgenerated = ''
              AND CASE WHEN %(privilege)s = 'DELETE' THEN has_table_privilege(%(role)s, c.oid, 'DELETE')
                       ELSE has_column_privilege(%(role)s, c.oid, a.attnum, %(privilege)s) END
            GROUP BY c.oid ORDER BY c.relname""",
            {"kinds": list(kinds), "privilege": privilege, "role": world.roles[A]}).fetchall()


def fails(connection, error, statement, args=(), saying=""):
    try:
        with connection.transaction():
            connection.execute(statement, args or None)
    except error as raised:
        assert saying in str(raised), raised
        return raised
    raise AssertionError(f"not refused: {statement}")


def same_error(connection, statement, foreign, unknown):
    """Another tenant's thing is answered exactly like one that nobody has, be it rows or an error."""
    def outcome(args):
        try:
            with connection.transaction(force_rollback=True):
                return connection.execute(statement, args).fetchall()
        except psycopg.Error as raised:
            told = raised.diag
            return told.sqlstate, told.message_primary, told.message_detail, told.message_hint, told.context
    outcome(unknown)        # a first call plans, which its context tells
    told, expected = outcome(foreign), outcome(unknown)
    assert told == expected, (statement, told, expected)


# --- reading ---------------------------------------------------------------------------------------------

@held_by_policies
def read(world):
    def probe(relation):
        with bound(world, B) as other:
            assert value(other, f"SELECT count(*) FROM {relation}") > 0, "b has nothing there to leak"
        with bound(world) as connection:
            rows = connection.execute(f"SELECT tenant_id, tenant_id <> %s FROM {relation}", (A,)).fetchall()
            assert rows and not [row for row in rows if row[1]], rows
            assert value(connection, f"SELECT count(*) FROM {relation} WHERE tenant_id = %s", (B,)) == 0
    for name, relation, _ in relations(world):
        yield name, partial(probe, relation)


@held_by_policies
def copy_out(world):
    def probe(relation):
        with bound(world) as connection, connection.cursor() as cursor:
            with cursor.copy(f"COPY {relation} (tenant_id) TO STDOUT") as rows:
                assert {row[0] for row in rows.rows()} == {A}
    for name, relation, _ in relations(world, kinds="r"):
        yield name, partial(probe, relation)


@held_by_policies
def leaky_filter(world):
    """A cheap function of the caller's own, put where the planner would like to run it first."""
    def probe(relation):
        seen = []
        with bound(world) as connection:
            connection.add_notice_handler(lambda notice: seen.append(notice.message_primary))
            connection.execute("""CREATE FUNCTION pg_temp.peek(told text) RETURNS boolean LANGUAGE plpgsql COST 0.0001
                                  AS 'BEGIN RAISE NOTICE ''%'', told; RETURN true; END'""")
            connection.execute(f"SELECT FROM {relation} AS r WHERE pg_temp.peek(r.tenant_id)")
        assert set(seen) == {A}, set(seen)
    for name, relation, _ in relations(world):
        yield name, partial(probe, relation)


@held_by_policies
def table_unbound(world):
    def probe(relation):
        with bound(world, binds=False) as connection:
            fails(connection, errors.ObjectNotInPrerequisiteState, f"SELECT FROM {relation}")
    for name, relation, _ in relations(world, kinds="r"):
        yield name, partial(probe, relation)


@held_twice
def statistics(world):
    """pg_stats shows the most common values of a table to whoever may read all of it; of these there are none."""
    def probe(name):
        with bound(world) as connection:
            assert value(connection, "SELECT count(*) FROM pg_stats WHERE schemaname = 'inventory_core_internal' "
                                     "AND tablename = %s", (name,)) == 0
    for name, _, _ in relations(world, kinds="r"):
        yield name, partial(probe, name)


@held_by_policies
def grants(world):
    def probe():
        with bound(world, binds=False) as connection:
            assert connection.execute("SELECT tenant_id FROM inventory_core_internal.tenant_grants").fetchall() == [(A,)]
    yield "tenant_grants", probe


# Private functions take a tenant and trust the policies.
INNER_READS = {
    "_seen": "SELECT s.* FROM inventory_core_internal._seen(%s, 0) AS s",
    "_observations": "SELECT o.* FROM inventory_core_internal._observations(%s) AS o",
    "_run_sets": "SELECT s.* FROM inventory_core_internal._run_sets(%s, {running}) AS s",
    "_run_counts": "SELECT s.* FROM inventory_core_internal._run_counts(%s, {running}) AS s",
    "_latest_full_run": "SELECT s.run_id FROM inventory_core_internal._latest_full_run(%s, {hash}, false) AS s",
    "_type_baselines": "SELECT s.policy_type FROM inventory_core_internal._type_baselines(%s, {hash}, 'latest') AS s",
    "_changes_since": "SELECT count(*) FROM inventory_core_internal._changes_since(%s, NULL, 10)",
    "_missing_sets": "SELECT count(*) FROM inventory_core_internal._missing_sets(%s, {hash}, 'latest')",
    "_type_sets": "SELECT count(*) FROM inventory_core_internal._type_sets(%s, NULL, ARRAY[0])",
    "_spared_sets": "SELECT count(*) FROM inventory_core_internal._spared_sets(%s, {hash})",
    "_last_seen_runs": "SELECT count(*) FROM inventory_core_internal._last_seen_runs(%s)",
    "_seen_elsewhere": "SELECT count(*) FROM inventory_core_internal._seen_elsewhere(%s, {hash}, ARRAY[0], 0)",
    "_tenant_limit": "SELECT inventory_core_internal._tenant_limit(%s)",
    "_cooling_down": "SELECT inventory_core_internal._cooling_down(%s, {scope}) IS NULL",
}


@held_by_policies
def private_function(world):
    def probe(statement):
        statement = sql.SQL(statement.replace("%s", "{tenant}"))
        def ask(connection, tenant):
            return connection.execute(statement.format(
                tenant=tenant, running=world.runs[B]["running"], hash=world.hashes[B][0],
                scope="scope kanarienvogel")).fetchall()
        with bound(world) as connection:
            assert ask(connection, B) == ask(connection, "nobody's")
    for name, statement in INNER_READS.items():
        yield name, partial(probe, statement)


# --- writing ---------------------------------------------------------------------------------------------

@held_by_policies
def insert(world):
    """A row that b has, word for word: refused as not a's, not as a duplicate."""
    def probe(relation, columns):
        with world.admin() as owner:
            row = value(owner, f"SELECT to_jsonb(r) FROM {relation} AS r WHERE tenant_id = %s LIMIT 1", (B,))
        listed = ", ".join(columns)
        with bound(world) as connection:
            for fresh in ({}, {"run_id": str(uuid.uuid4()), "item_id": 999, "selection_hash": UNKNOWN_HASH}):
                fails(connection, errors.InsufficientPrivilege,
                      f"INSERT INTO {relation} ({listed}) SELECT {listed} FROM jsonb_populate_record(NULL::{relation}, %s)",
                      (json.dumps({**row, **fresh}),), saying="row-level security")
    for name, relation, columns in relations(world, kinds="r", privilege="INSERT"):
        yield name, partial(probe, relation, columns)


@held_by_policies
def update(world):
    def probe(relation, column):
        with bound(world) as connection:
            foreign = connection.execute(f"UPDATE {relation} SET {column} = {column} WHERE tenant_id = %s", (B,))
            assert foreign.rowcount == 0
    for name, relation, columns in relations(world, kinds="r", privilege="UPDATE"):
        yield name, partial(probe, relation, columns[0])


@held_by_policies
def give_away(world):
    def probe(relation):
        with bound(world) as connection:
            fails(connection, errors.InsufficientPrivilege, f"UPDATE {relation} SET tenant_id = %s", (B,),
                  saying="row-level security")
    for name, relation, columns in relations(world, kinds="r", privilege="UPDATE"):
        if "tenant_id" in columns:
            yield name, partial(probe, relation)


@held_by_policies
def delete(world):
    def probe(relation):
        with bound(world) as connection:
            assert connection.execute(f"DELETE FROM {relation} WHERE tenant_id = %s", (B,)).rowcount == 0
    for name, relation, _ in relations(world, kinds="r", privilege="DELETE"):
        yield name, partial(probe, relation)


@held_by_policies
def slot(world):
    """Who holds a slot of the global limit is a hash, and only that run's tenant can give the slot back."""
    holder = "inventory_core_internal._slot_holder(%s, %s)"

    def probe(change):
        with bound(world, B) as other:
            assert value(other, f"SELECT count(*) FROM inventory_core_internal.run_slots WHERE holder = {holder}",
                         (B, world.runs[B]["running"])) == 1, "b has no slot to lose"
        with bound(world) as connection:
            changed = connection.execute(f"UPDATE inventory_core_internal.run_slots SET {change} WHERE holder = {holder}",
                                         (B, world.runs[B]["running"]))
            assert changed.rowcount == 0
    yield "give back", partial(probe, "holder = NULL, expires_at = NULL")
    yield "prolong", partial(probe, "expires_at = expires_at + interval '1 day'")

    def take(change, *args):
        with bound(world) as connection:
            fails(connection, errors.InsufficientPrivilege,
                  f"UPDATE inventory_core_internal.run_slots SET {change} WHERE slot_no = 1000", args, saying="row-level security")
    own = world.runs[A]
    yield "take for a run that nobody has", partial(take, f"holder = {holder}, expires_at = now()", A, UNKNOWN_RUN)
    yield "take for a run that is over", partial(take, f"holder = {holder}, expires_at = now()", A, own["success"])
    yield "take for anything", partial(take, r"holder = '\x00', expires_at = now()")

    def longer():
        with bound(world) as connection:
            fails(connection, errors.InsufficientPrivilege,
                  f"UPDATE inventory_core_internal.run_slots SET expires_at = now() + interval '1 day' WHERE holder = {holder}",
                  (A, own["running"]), saying="row-level security")
    yield "hold for longer than a lease and a half", longer


# --- our functions ---------------------------------------------------------------------------------------

BY_RUN = ("upsert_items({tenant}, {run}, '[]')", "remove_items({tenant}, {run}, '[]')", "heartbeat({tenant}, {run})", "record_error({tenant}, {run})",
          "record_throttle({tenant}, {run}, 429)", "finish_run({tenant}, {run})", "run_changes({tenant}, {run})")
BY_HASH = ("missing_items({tenant}, {hash})", "missing_summary({tenant}, {hash})", "missing_items({tenant}, {hash}, 'latest_clean')",
           "explain_missing({tenant}, {hash}, 'kanarienvogel disk', 'kanarienvogel 1')",
           "missing_summary({tenant}, {hash}, 'latest_clean')", "forget_missing({tenant}, {hash}, 0, '0')",
           "forget_missing({tenant}, {hash}, 0, '0', false)", "type_counts({tenant}, {hash})",
           "present_items({tenant}, {hash})", "replace_selection({tenant}, {hash}, '{{\"new\": 1}}')",
           "forget_selection({tenant}, {hash})")
BY_TENANT = ("set_tenant({tenant})", "inventory_items({tenant})", "inventory_sync_runs({tenant})",
             "inventory_sync_errors({tenant})", "inventory_selections({tenant})", "run_progress({tenant})",
             "start_run({tenant}, '{{}}')", "reap_expired_runs({tenant})", "cooling_down({tenant})", "changes_since({tenant})", "feed_end({tenant})",
             "end_cooldown({tenant})", "forget_items({tenant}, '{{1}}')", "prune_runs({tenant}, '0', 0)", "forget_tenant({tenant})",
             "forget_missing({tenant}, '" + UNKNOWN_HASH + "', 0, '0', false)",
             "forget_selection({tenant}, '" + UNKNOWN_HASH + "')", "rename_item({tenant}, 1, 'a', 'b')",
             "replace_selection({tenant}, '" + UNKNOWN_HASH + "', '{{}}')", "forget_orphans({tenant}, false)",
             "present_items({tenant}, '" + UNKNOWN_HASH + "')", "item_presence({tenant}, 'a', 'b')", "gone_items({tenant})",
             "stale_selections('0', {tenant})")


def statement(call):
    return "SELECT r::text FROM inventory_core." + call.format(
        tenant="%(tenant)s", run="%(run)s::uuid", hash="%(hash)s") + " AS r"


@held_twice
def foreign_run(world):
    """The same SQLSTATE and text as for a run that nobody has."""
    def probe(call):
        with bound(world) as connection:
            for kind, foreign in world.runs[B].items():
                same_error(connection, statement(call), {"tenant": A, "run": foreign}, {"tenant": A, "run": UNKNOWN_RUN})
                fails(connection, errors.NoDataFound, statement(call), {"tenant": A, "run": foreign})
    for call in BY_RUN:
        yield call, partial(probe, call)


@held_twice
def foreign_selection(world):
    def probe(call):
        with bound(world) as connection:
            for foreign in world.hashes[B]:
                same_error(connection, statement(call), {"tenant": A, "hash": foreign}, {"tenant": A, "hash": UNKNOWN_HASH})
    for call in BY_HASH:
        yield call, partial(probe, call)


@held_twice
def foreign_tenant(world):
    def probe(call):
        args = {"tenant": B, "run": world.runs[B]["running"], "hash": world.hashes[B][0]}
        for binds in (True, False):
            with bound(world, binds=binds) as connection:
                fails(connection, errors.InsufficientPrivilege, statement(call), args)
                same_error(connection, statement(call), args, {**args, "tenant": "nobody's"})
    for call in BY_TENANT + BY_RUN + BY_HASH + ("selection_status({tenant}, {hash})",):
        yield call, partial(probe, call)


@held_twice
def twin(world):
    def probe(relation):
        with bound(world, binds=False) as connection:
            rows = connection.execute(f"SELECT tenant_id FROM {relation}(%s)", (A,)).fetchall()
            assert set(rows) == {(A,)}
    for name, relation, _ in relations(world, kinds="v"):
        yield name, partial(probe, relation)


@held_twice
def view_unbound(world):
    def probe(relation):
        with bound(world, binds=False) as connection:
            fails(connection, errors.ObjectNotInPrerequisiteState, f"SELECT FROM {relation}")
    for name, relation, _ in relations(world, kinds="v"):
        yield name, partial(probe, relation)


@held_twice
def granted(world):
    def probe():
        with bound(world, binds=False) as connection:
            assert connection.execute("SELECT inventory_core.granted_tenants()").fetchall() == [(A,)]
    yield "granted_tenants", probe


@held_twice
def catalogue_ids(world):
    """Item ids are dense within a tenant, so b's are a's too: forgetting takes a's own alone."""
    def probe():
        with bound(world) as connection:
            forgotten = value(connection, "SELECT inventory_core.forget_items(%s, %s)", (A, list(range(1, 1000))))
            own = value(connection, "SELECT next_item_id - 1 FROM inventory_core_internal.tenants WHERE tenant_id = %s", (A,))
            assert forgotten == own
    yield "forget_items", probe
