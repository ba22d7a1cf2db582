"""Somebody else's objects: in the way of CREATE EXTENSION, or first on the search_path of our functions' callers."""

import os
import re
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import errors, sql

import catalogue
import scene
from scene import A, B, bind, connect, names, plain_roles, run, value

IN_THE_WAY = {
    "schema": "",
    "table": "CREATE TABLE inventory_core_internal.items (tenant_id text, item_id bigint)",
    "view": "CREATE VIEW inventory_core.inventory_items AS SELECT 1 AS tenant_id",
    "function": "CREATE FUNCTION inventory_core.set_tenant(tenant text) RETURNS text LANGUAGE sql AS 'SELECT ''x''::text'",
    "inner function": "CREATE FUNCTION inventory_core_internal._readable_tenant() RETURNS text LANGUAGE sql AS 'SELECT ''b''::text'",
    "type": "CREATE TYPE inventory_core_internal.sync_runs AS (tenant_id text)",
    "operator": "CREATE FUNCTION inventory_core.yes(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
                "CREATE OPERATOR inventory_core.= (LEFTARG = text, RIGHTARG = text, FUNCTION = inventory_core.yes)"}
OBJECTS = """SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
    WHERE nspname IN ('inventory_core', 'inventory_core_internal')
    UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = pronamespace
    WHERE nspname IN ('inventory_core', 'inventory_core_internal') OR probin LIKE '%inventory_core%'
    UNION ALL SELECT extname FROM pg_extension WHERE extname = 'inventory_core'
    UNION ALL SELECT polname FROM pg_policy ORDER BY 1"""


@contextmanager
def neighbour():
    """A plain role that may create schemas in a database without the extension."""
    role, = names("neighbour")
    with plain_roles(role), scene.empty_database(f"isolation hostile {os.getpid()}") as database:
        with connect(database) as owner:
            run(owner, "GRANT CREATE ON DATABASE {} TO {}", database, role)
        yield database, role


@pytest.mark.parametrize("statement", IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_a_schema_made_beforehand_fails_the_install(statement):
    schema = "inventory_core_internal" if "inventory_core_internal" in statement else "inventory_core"
    with neighbour() as (database, role):
        with connect(database, role) as session:
            session.execute("CREATE SCHEMA " + schema)
            session.execute(statement)
        with connect(database) as owner:
            before = owner.execute(OBJECTS).fetchall()
            for install in ("CREATE EXTENSION inventory_core", "CREATE EXTENSION inventory_core CASCADE"):
                with pytest.raises(errors.DuplicateSchema):
                    owner.execute(install)
                assert owner.execute(OBJECTS).fetchall() == before
            assert owner.execute("SELECT FROM pg_extension WHERE extname = 'inventory_core'").fetchall() == []
            owner.execute(f"DROP SCHEMA {schema} CASCADE")
            owner.execute("CREATE EXTENSION inventory_core")


def test_only_a_superuser_installs():
    with neighbour() as (database, role), connect(database, role) as session:
        with pytest.raises(errors.InsufficientPrivilege):
            session.execute("CREATE EXTENSION inventory_core")
        assert session.execute(OBJECTS).fetchall() == []


def test_the_install_calls_nothing_on_the_path_of_who_installs():
    """Functions and operators on the path of whoever installs."""
    with neighbour() as (database, role):
        with connect(database, role) as session:
            session.execute("CREATE SCHEMA trap")
            lay_traps(session, "trap")
        with connect(database, options="-c search_path=trap,pg_catalog,public") as owner:
            owner.execute("CREATE EXTENSION inventory_core")
        with connect(database) as owner:
            assert owner.execute("""
                SELECT d.objid::regprocedure FROM pg_depend AS d JOIN pg_proc AS trap ON trap.oid = d.refobjid
                JOIN pg_namespace AS n ON n.oid = trap.pronamespace
                WHERE n.nspname = 'trap' AND d.deptype = 'n' AND d.classid = 'pg_proc'::regclass""").fetchall() == []
            run(owner, "DROP SCHEMA {} CASCADE", "trap")
            assert value(owner, "SELECT inventory_core.selection_hash('{}') = inventory_core_internal._selection_hash('{}')")


# --- a caller's search_path ------------------------------------------------------------------------------

SHADOWED_FUNCTIONS = ("format(text, VARIADIC text[])", "length(text)", "octet_length(text)", "upper(text)", "now()",
                      "clock_timestamp()", "gen_random_uuid()", "pg_has_role(oid, text)", "pg_get_userbyid(oid)",
                      "current_setting(text)", "set_config(text, text, boolean)", "jsonb_typeof(jsonb)",
                      "unnest(anyarray)", "cardinality(anyarray)", "starts_with(text, text)", "array_agg(anynonarray)",
                      "pg_try_advisory_xact_lock(bigint)", "set_tenant(text)", "_readable_tenant()",
                      "_begin_write(text)", "redact(text)")
SHADOWED_TYPES = ("text", "jsonb", "uuid")
OPERATORS = ("=", "<>", "<", ">", "||", "~", "!~", "->", "<=", ">=")
TRAP = "LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$"


def lay_traps(session, schema):
    """Tables of our names, functions and operators of pg_catalog's, each of which fails when it is called."""
    for table in ("items", "sync_runs", "tenant_grants", "tenants", "selections", "inventory_items", "meta_whitelist",
                  "pg_class", "pg_roles", "pg_proc"):
        session.execute(f"CREATE TABLE {schema}.{table} (tenant_id text, role_name name, role_oid oid, access text)")
    for function in SHADOWED_FUNCTIONS:
        session.execute(f"CREATE FUNCTION {schema}.{function} RETURNS text {TRAP}")
    for left in SHADOWED_TYPES:
        session.execute(f"CREATE FUNCTION {schema}.trapped({left}, {left}) RETURNS boolean {TRAP}")
        for operator in OPERATORS:
            session.execute(f"CREATE OPERATOR {schema}.{operator} (LEFTARG = {left}, RIGHTARG = {left}, "
                            f"FUNCTION = {schema}.trapped)")


def answers(world, prelude):
    """What every function of ours says to a, in order; run ids and times as they come are left out."""
    said = []
    arguments = catalogue.Arguments(world)
    with world.connect(A) as session:
        prelude(session)
        for name, signature in catalogue.callable_functions(world, A):
            if name in ("retry_delay", "_retry_delay", "_now", "start_run", "_insert_run", "record_throttle", "_tenant_metrics"):
                continue                                    # random, or of now
            for given in arguments.lists_for(signature)[:12]:
                statement = sql.SQL("SELECT r::pg_catalog.text FROM {} AS r").format(catalogue.expression(name, signature, given))
                try:
                    with session.transaction(force_rollback=True):
                        session.execute("SELECT inventory_core.set_tenant('a')")
                        rows = session.execute(statement).fetchall()
                except psycopg.Error as raised:
                    rows = (raised.diag.sqlstate, raised.diag.message_primary, raised.diag.message_detail)
                told = sorted(TIME.sub("<now>", str(row)).replace("inventory_core.", "") for row in rows)
                said.append((name, given, told))
    return said         # a regclass is shown as the path has it: names are compared without their schema


TIME = re.compile(r"20\d\d-\d\d-\d\d[ T][0-9:.]+|\d\d:\d\d:\d\d\.\d+")


def trapped_path(session):
    session.execute("SET search_path = trap, pg_catalog, inventory_core")


def trapped_temp(session):
    """Temporary relations come before all that is not named on the path."""
    for table in ("items", "sync_runs", "tenant_grants", "inventory_items", "selections", "pg_roles", "pg_auth_members",
                  "run_slots"):
        session.execute(f"CREATE TEMP TABLE {table} (tenant_id text, role_name name, role_oid oid, access text)")
    session.execute("SET search_path = pg_temp, inventory_core, pg_catalog")


@pytest.mark.parametrize("prelude", [trapped_path, trapped_temp])
def test_a_callers_path_changes_no_answer(fresh, prelude):
    with fresh.admin() as owner:
        run(owner, "GRANT CREATE, TEMPORARY ON DATABASE {} TO {}", fresh.database, fresh.roles[A])
    plain = answers(fresh, lambda session: None)
    with fresh.connect(A) as session:
        session.execute("CREATE SCHEMA trap")
        lay_traps(session, "trap")
    trapped = answers(fresh, prelude)
    assert_that_it_traps(fresh)
    assert not [said for said in trapped if "trapped" in str(said[2])]
    assert [pair for pair in zip(plain, trapped) if pair[0] != pair[1]] == []
    assert len(plain) == len(trapped) > 400


def assert_that_it_traps(world):
    with world.connect(A) as session:
        trapped_path(session)
        for statement in ("SELECT 'a'::text = 'b'::text", "SELECT length('a'::text)"):
            with pytest.raises(errors.RaiseException):
                session.execute(statement)


@pytest.mark.parametrize("prelude", [trapped_path, trapped_temp])
def test_maintain_calls_nothing_on_the_path_of_its_caller(fresh, prelude):
    """The one routine of ours that cannot set its path, because it commits."""
    with fresh.admin() as owner:
        run(owner, "GRANT CREATE, TEMPORARY ON DATABASE {} TO {}", fresh.database, fresh.roles[A])
    with fresh.connect(A) as session:
        session.execute("CREATE SCHEMA trap")
        lay_traps(session, "trap")
        assert_that_it_traps(fresh)
        session.execute(f"CREATE FUNCTION trap.array_append(text[], text) RETURNS text[] {TRAP}")
        session.execute("CREATE TYPE trap.text AS ENUM (); CREATE TYPE trap.bool AS ENUM ()")
        session.execute("CREATE TEMP TABLE text (tenant_id integer)")
        for _ in range(4):
            run_id = value(session, "SELECT run_id FROM inventory_core.start_run('a', '{}', scope => 'other')")
            session.execute("SELECT inventory_core.finish_run('a', %s)", (run_id,))
        runs = "SELECT pg_catalog.count(*) FROM inventory_core.inventory_sync_runs('a')"
        before = value(session, runs)
        prelude(session)
        session.execute("CALL inventory_core.maintain('0', 0)")
        assert value(session, runs) == before - 3


def test_a_callers_path_changes_no_view(fresh):
    with fresh.admin() as owner:
        owner.execute("CREATE SCHEMA trap")
        lay_traps(owner, "trap")
        run(owner, "GRANT ALL ON SCHEMA trap TO {}", fresh.roles[A])
        owner.execute("GRANT ALL ON ALL TABLES IN SCHEMA trap TO PUBLIC")
    with fresh.connect(A) as session:
        trapped_path(session)
        for binds in (True, False):
            with session.transaction():
                if binds:
                    bind(session, A)
                for relation in catalogue.readable(fresh, A):
                    if binds:
                        assert "'b'" not in str(session.execute(f"SELECT * FROM {relation}").fetchall())
                    elif relation.split(".")[1] not in ("tenant_grants", "meta_whitelist", "run_slots", "home_ranges"):
                        with pytest.raises(errors.ObjectNotInPrerequisiteState), session.transaction():
                            session.execute(f"SELECT * FROM {relation}")


# --- the slots of the global limit, which all tenants share -----------------------------------------------

def test_a_writer_does_not_move_free_slots_away(fresh):
    with fresh.connect(A) as session, fresh.connect(B) as other:
        with pytest.raises(errors.InsufficientPrivilege):
            session.execute("UPDATE inventory_core_internal.run_slots SET slot_no = slot_no + 100000 WHERE holder IS NULL")
        assert value(other, "SELECT status FROM inventory_core.start_run('b', '{}', scope => 'other')") == "running"


def test_a_stranger_with_our_advisory_locks_stops_nobody(fresh):
    """Advisory locks are open to every role; what decides is the unique indexes."""
    with fresh.admin() as session, fresh.connect(B, options="-c lock_timeout=2s") as other:
        run(session, "CREATE ROLE {}", *names("stranger"))
        try:
            run(session, "SET SESSION AUTHORIZATION {}", *names("stranger"))
            session.execute("SELECT pg_advisory_lock(inventory_core.selection_lock_key('b', inventory_core.selection_hash('{}')))")
            session.execute("SELECT pg_advisory_lock(inventory_core.selection_lock_key('b', 'tenant slot ' || n)) "
                            "FROM generate_series(1, 20) AS n")
            assert value(other, "SELECT status FROM inventory_core.start_run('b', '{}', scope => 'other')") == "running"
        finally:
            session.execute("RESET SESSION AUTHORIZATION")
            run(session, "DROP ROLE {}", *names("stranger"))


def test_a_run_of_the_same_id_takes_no_slot(fresh):
    """A run id is unique within its tenant only. Who holds a slot is told by a hash of tenant and run."""
    foreign = fresh.runs[B]["running"]
    holder = "SELECT slot_no, expires_at FROM inventory_core_internal.run_slots WHERE holder = inventory_core_internal._slot_holder('b', %s)"
    with fresh.connect(A) as session, fresh.connect(B) as other:
        before = other.execute(holder, (foreign,)).fetchone()
        assert before
        with session.transaction():
            bind(session, A)
            session.execute(
                """INSERT INTO inventory_core_internal.sync_runs (tenant_id, run_id, selection_hash, run_seq, start_no,
                       first_new_item_id, scope, started_at, lease, lease_expires_at)
                   SELECT 'a', %s, selection_hash, 1000, 1000, 1, '*', now(), '1 hour', now() + interval '1 hour'
                   FROM inventory_core_internal.selections AS s
                   WHERE NOT EXISTS (SELECT FROM inventory_core_internal.sync_runs AS r
                                     WHERE r.selection_hash = s.selection_hash AND r.status = 'running') LIMIT 1""", (foreign,))
            for change in ("holder = NULL, expires_at = NULL", "expires_at = expires_at + interval '1 minute'"):
                assert session.execute(f"UPDATE inventory_core_internal.run_slots SET {change} WHERE slot_no = %s",
                                       before[:1]).rowcount == 0
        session.execute("SELECT inventory_core.heartbeat('a', %s)", (foreign,))
        session.execute("SELECT inventory_core.finish_run('a', %s)", (foreign,))
        assert other.execute(holder, (foreign,)).fetchone() == before
        other.execute("SELECT inventory_core.heartbeat('b', %s)", (foreign,))
