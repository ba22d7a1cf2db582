"""What a plain role can do to the tables by statements of its own, whatever privileges somebody gave it beside a grant."""

import json
import re
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import errors, sql

import scene
from scene import A, B, bind, connect, grant, names, plain_roles, run, value

REFUSALS = (errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState, errors.FeatureNotSupported)
OF_THE_OWNER = ("tenant_grants", "meta_whitelist", "tenant_limits", "tenant_moves", "home_ranges")


@contextmanager
def another_role(world, *granted, roles=()):
    """A plain role with grants (tenant, access), a member of the roles given."""
    role, = names("another")
    with plain_roles(role):
        with world.admin() as owner:
            for tenant, access in granted:
                grant(owner, role, tenant, access)
            for group in roles:
                run(owner, "GRANT {} TO {}", group, role)
        try:
            yield role
        finally:
            with world.admin() as owner:
                run(owner, "DROP OWNED BY {}", role)


def tables(world):
    """(name, key columns, all columns) of every table that may have rows."""
    with world.admin() as owner:
        for name, key, columns in owner.execute("""
                SELECT c.relname::text, ARRAY(SELECT a.attname::text FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]) ORDER BY a.attnum),
                       ARRAY(SELECT a.attname::text FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                             AND a.attgenerated = '' ORDER BY a.attnum)
                FROM pg_class AS c JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
                WHERE c.relnamespace = 'inventory_core_internal'::regnamespace AND c.relkind = 'r' AND c.relname <> 'tenant_home' ORDER BY 1""").fetchall():
            yield name, key, columns


def forms(name, key, columns, row, where):
    """Every form of statement that writes or locks rows, for the rows that `where` names and a row to be inserted."""
    table, listed = f"inventory_core_internal.{name}", ", ".join(columns)
    source = f"(SELECT {listed} FROM jsonb_populate_record(NULL::{table}, {row}))"
    on = " AND ".join(f"t.{column} = s.{column}" for column in key)
    yield "insert", f"INSERT INTO {table} ({listed}) {source}"
    yield "on conflict nothing", f"INSERT INTO {table} ({listed}) {source} ON CONFLICT DO NOTHING"
    yield "on conflict update", (f"INSERT INTO {table} AS t ({listed}) {source} ON CONFLICT ON CONSTRAINT {name}_pkey "
                                 f"DO UPDATE SET {columns[-1]} = t.{columns[-1]}")
    for column in columns:
        yield f"update {column}", f"UPDATE {table} AS t SET {column} = t.{column} WHERE {where}"
    yield "delete", f"DELETE FROM {table} AS t WHERE {where}"
    for strength in ("UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"):
        yield f"for {strength}", f"SELECT FROM {table} AS t WHERE {where} FOR {strength}"
    yield "merge insert", (f"MERGE INTO {table} AS t USING {source} AS s ON false "
                           f"WHEN NOT MATCHED THEN INSERT ({listed}) VALUES ({', '.join('s.' + c for c in columns)})")
    yield "merge update", f"MERGE INTO {table} AS t USING {source} AS s ON {on} WHEN MATCHED THEN UPDATE SET {columns[-1]} = t.{columns[-1]}"
    yield "merge delete", f"MERGE INTO {table} AS t USING {source} AS s ON {on} WHEN MATCHED THEN DELETE"
    yield "in a query", f"WITH w AS (UPDATE {table} AS t SET {columns[-1]} = t.{columns[-1]} WHERE {where} RETURNING 1) SELECT FROM w"
    yield "truncate", f"TRUNCATE {table} CASCADE"


def written(world, role, tenant, target, skip=(), only=None):
    """Which forms of statement did something to rows of `target`, by a role that has bound `tenant`."""
    done, tried = [], 0
    with world.admin() as owner, connect(world.database, role) as session:
        for name, key, columns in tables(world):
            if name in skip or only and name not in only:
                continue
            has_tenant = "tenant_id" in columns
            where = "t.tenant_id = {target}" if has_tenant else "true"
            row = value(owner, sql.SQL("SELECT to_jsonb(t) FROM inventory_core_internal.{} AS t WHERE " + where + " LIMIT 1").format(
                sql.Identifier(name), target=target))
            assert row, (name, "nothing is there to be written")
            for form, statement in forms(name, key, columns, "{row}", where):
                tried += 1
                try:
                    with session.transaction(force_rollback=True):
                        bind(session, tenant)
                        cursor = session.execute(sql.SQL(statement).format(row=json.dumps(row), target=target))
                        if cursor.rowcount != 0:
                            done.append((name, form))
                except REFUSALS:
                    pass
                except psycopg.Error as raised:             # a constraint came first: the policy did not
                    done.append((name, form, raised.diag.sqlstate))
            try:
                with session.transaction(force_rollback=True):
                    bind(session, tenant)
                    with session.cursor().copy(f"COPY inventory_core_internal.{name} ({', '.join(columns)}) FROM STDIN"):
                        done.append((name, "copy"))         # without a row: it is refused before
            except REFUSALS:
                pass
    assert tried
    return done


def test_a_writer_elsewhere_is_no_writer_where_it_reads(fresh):
    """By its membership it has the privileges of a maintainer on every table; what it may do to rows is of the binding."""
    with another_role(fresh, ("own", "maintainer"), (A, "reader")) as role:
        assert written(fresh, role, A, A, skip=("run_slots",)) == []
        assert written(fresh, role, A, B, skip=("run_slots",)) == []
        assert written(fresh, role, A, A, only=("run_slots",)) == []
        grant_all = written(fresh, role, "own", A, skip=("run_slots", "meta_whitelist"))
        assert grant_all == []


@pytest.mark.parametrize("access", ["reader", "writer", "maintainer"])
def test_privileges_on_all_data_open_no_other_tenant(fresh, access):
    with another_role(fresh, (A, access), roles=("pg_write_all_data", "pg_read_all_data")) as role:
        assert written(fresh, role, A, B, skip=("run_slots", *OF_THE_OWNER)) == []
        assert written(fresh, role, A, B, only=OF_THE_OWNER) == []
        assert written(fresh, role, A, A, only=OF_THE_OWNER) == []
        if access == "reader":
            assert written(fresh, role, A, A) == []
        with connect(fresh.database, role) as session:
            with pytest.raises(errors.InsufficientPrivilege):
                bind(session, B)
            for name, _, columns in tables(fresh):
                if "tenant_id" in columns:
                    with session.transaction():
                        bind(session, A)
                        rows = session.execute(f"SELECT tenant_id FROM inventory_core_internal.{name}").fetchall()
                        assert set(rows) == {(A,)}, name
            for statement in (
                    "INSERT INTO inventory_core_internal.tenant_grants SELECT 'b', rolname, oid, 'maintainer', now() FROM pg_roles WHERE rolname = current_user",
                    "INSERT INTO inventory_core_internal.meta_whitelist VALUES ('*', 'password')",
                    "INSERT INTO inventory_core_internal.tenant_limits VALUES ('own', -1)",
                    "INSERT INTO inventory_core_internal.run_slots VALUES (1, NULL, NULL)"):
                with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
                    session.execute(statement)


def test_privileges_on_all_data_alone_open_nothing(fresh):
    with another_role(fresh, roles=("pg_write_all_data", "pg_read_all_data")) as role, connect(fresh.database, role) as session:
        for name, _, columns in tables(fresh):
            for statement in (f"SELECT * FROM inventory_core_internal.{name}", f"DELETE FROM inventory_core_internal.{name}",
                              f"UPDATE inventory_core_internal.{name} SET {columns[0]} = {columns[0]}"):
                try:
                    rows = session.execute(statement)
                    assert rows.rowcount == 0 or name in ("meta_whitelist", "run_slots", "home_ranges") and statement.startswith("SELECT"), statement
                except errors.InsufficientPrivilege:
                    pass


def test_without_policies_they_would(fresh):
    """So that the tests above can fail."""
    scene.disable_policies(fresh)
    with another_role(fresh, (A, "reader"), roles=("pg_write_all_data",)) as role:
        done = written(fresh, role, A, B, skip=("run_slots", "meta_whitelist"))
        assert {name for name, *_ in done} == {name for name, _, _ in tables(fresh)} - {"run_slots", "meta_whitelist"}
        for form in ("insert", "on conflict update", "delete", "for UPDATE", "for KEY SHARE", "merge update", "merge delete", "in a query"):
            assert any(found[1] == form for found in done), form


def test_functions_of_the_owner_ask_who_calls(fresh):
    """Also where somebody granted EXECUTE on them."""
    with another_role(fresh, (A, "maintainer")) as role, fresh.admin() as owner:
        for schema in ("inventory_core", "inventory_core_internal"):
            run(owner, "GRANT ALL ON ALL ROUTINES IN SCHEMA {} TO {}", schema, role)
            run(owner, "GRANT ALL ON ALL TABLES IN SCHEMA {} TO {}", schema, role)
        with connect(fresh.database, role) as session:
            for call in ("grant_access(quote_ident(current_user)::regrole, 'b', 'reader')", "grant_access(quote_ident(current_user)::regrole, '*', 'reader')",
                         "revoke_access(quote_ident(current_user)::regrole, 'a')", "set_tenant_limit('a', -1)", "set_tenant_limit('a', NULL)",
                         "allow_meta('*', 'password')", "disallow_meta('*', 'owner')"):
                with pytest.raises(errors.InsufficientPrivilege, match="must be owner"):
                    session.execute(f"SELECT inventory_core.{call}")
        # TRUNCATE asks no policy: it is a privilege that nobody but the owner can give
        done = written(fresh, role, A, B, skip=("run_slots", *OF_THE_OWNER)) + written(fresh, role, A, A, only=OF_THE_OWNER)
        assert {form for _, form, *_ in done} == {"truncate"}


def test_a_closed_tenant_stays_closed(fresh):
    """Whatever its maintainer does."""
    with fresh.admin() as owner:
        owner.execute("SELECT inventory_core.set_tenant_limit('a', 0)")
    start = """SELECT status, reason FROM inventory_core.start_run('a', '{"new": 1}')"""
    with fresh.connect(A) as session:
        assert session.execute(start).fetchone() == ("skipped", "tenant_limit")
        assert written(fresh, fresh.roles[A], A, A, only=("tenant_limits",)) == []
        for table in ("run_parts", "last_seen", "removals", "removed_items", "feeds", "feed_entries", "feed_waiting",
                      "run_changes_bitmaps", "sync_errors", "sync_runs", "pruned_runs", "refusals", "selections", "cooldowns", "items", "tenants"):
            with session.transaction():
                bind(session, A)
                session.execute(f"DELETE FROM inventory_core_internal.{table}")
        assert session.execute(start).fetchone() == ("skipped", "tenant_limit")
        session.execute("SELECT inventory_core.forget_tenant('a')")
        assert session.execute(start).fetchone() == ("skipped", "tenant_limit")
    with fresh.admin() as owner:
        owner.execute("SELECT inventory_core.forget_tenant('a')")
        grant(owner, fresh.roles[A], A, "writer")
    with fresh.connect(A) as session:
        assert session.execute(start).fetchone() == ("skipped", "tenant_limit")


# --- slots -----------------------------------------------------------------------------------------------

def test_one_slot_for_one_run_and_not_for_ever(fresh):
    mine = fresh.runs[A]["running"]
    with fresh.connect(A) as session:
        for change, error in (
                ("holder = inventory_core_internal._slot_holder('a', %(run)s), expires_at = inventory_core_internal._now() WHERE slot_no = 900", errors.UniqueViolation),
                ("holder = inventory_core_internal._slot_holder('a', %(run)s), expires_at = inventory_core_internal._now() WHERE holder IS NULL", errors.UniqueViolation),
                ("expires_at = '2900-01-01' WHERE holder = inventory_core_internal._slot_holder('a', %(run)s)", errors.InsufficientPrivilege),
                ("expires_at = 'infinity' WHERE holder = inventory_core_internal._slot_holder('a', %(run)s)", errors.InsufficientPrivilege),
                ("holder = '\\x00', expires_at = now() WHERE slot_no = 900", errors.InsufficientPrivilege),
                ("slot_no = 5000 WHERE slot_no = 900", errors.InsufficientPrivilege)):
            with pytest.raises(error), session.transaction():
                bind(session, A)
                session.execute(f"UPDATE inventory_core_internal.run_slots SET {change}", {"run": mine})
        with session.transaction():                     # given back, and taken again for a lease and a half
            bind(session, A)
            assert session.execute("UPDATE inventory_core_internal.run_slots SET holder = NULL, expires_at = NULL "
                                   "WHERE holder = inventory_core_internal._slot_holder('a', %s)", (mine,)).rowcount == 1
            for lease in ("1000 years", "8 days", "-12 months 361 days", "1 month", "0"):
                with pytest.raises(errors.CheckViolation), session.transaction():
                    session.execute("UPDATE inventory_core_internal.sync_runs SET lease = %s WHERE run_id = %s", (lease, mine))
        session.execute("SELECT inventory_core.heartbeat('a', %s)", (mine,))
        assert value(session, "SELECT expires_at < now() + interval '1 hour' FROM inventory_core_internal.run_slots "
                              "WHERE holder = inventory_core_internal._slot_holder('a', %s)", (mine,))


# --- values that nobody expects ---------------------------------------------------------------------------

HOSTILE = {
    "text": ["''", "repeat('x', 100000)", "E'a\\nb'", "'*'", "chr(1114111)"],
    "timestamp with time zone": ["'infinity'", "'-infinity'", "'294276-12-31'", "'4714-11-24 BC'", "'9999-12-30'"],
    "bigint": ["9223372036854775807", "-9223372036854775808", "0", "-1"],
    "integer": ["2147483647", "-2147483648", "0", "-1"],
    "interval": ["'178000000 years'", "'-1 day'", "'-12 months 361 days'", "'7 days'", "'1 microsecond'"],
    "bytea": ["'\\x00'", "'\\x'", "decode(repeat('ff', 8208), 'hex')", "decode(repeat('3a30', 4000), 'hex')", "decode(repeat('00', 100000), 'hex')"],
    "jsonb": ["'null'", "'[]'", "'{}'", "'{\"a\": 1e400}'"], "uuid": ["gen_random_uuid()"], "boolean": ["true", "false"],
    "text[]": ["'{}'", "'{NULL}'"], "uuid[]": ["'{}'", "'{NULL}'", "array_fill(gen_random_uuid(), ARRAY[100, 100])"], "oid": ["0"], "name": ["'x'"],
}


def columns_to_write(world):
    """(table, column, type) of all that a maintainer of a tenant may insert or update."""
    with world.admin() as owner:
        return owner.execute("""
            SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL)
            FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
            WHERE c.relnamespace = 'inventory_core_internal'::regnamespace AND c.relkind = 'r' AND a.attname <> 'tenant_id'
              AND c.relname <> 'run_slots'
              AND (has_column_privilege(%(role)s, c.oid, a.attnum, 'INSERT') OR has_column_privilege(%(role)s, c.oid, a.attnum, 'UPDATE'))
            ORDER BY 1, 2""", {"role": world.roles[A]}).fetchall()


def store(session, table, column, hostile):
    """By UPDATE of one row of a and of all, and by INSERT of a copy; whether any of it was let through."""
    stored = False
    key = {"item_id": "-3", "part": "gen_random_uuid()", "refusal_id": "gen_random_uuid()", "error_no": "777", "run_seq": "-9",
           "start_no": "-9", "scope": "'another'", "key_high": "1", "external_id": "'another'"}
    columns = [name for name, in session.execute(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
        (f"inventory_core_internal.{table}",))]
    copied = ", ".join(hostile if name == column else key.get(name, "t." + name) for name in columns)
    for statement in (f"UPDATE inventory_core_internal.{table} SET {column} = {hostile}",
                      f"UPDATE inventory_core_internal.{table} AS t SET {column} = {hostile} WHERE ctid = (SELECT min(ctid) FROM inventory_core_internal.{table})",
                      f"INSERT INTO inventory_core_internal.{table} ({', '.join(columns)}) SELECT {copied} FROM inventory_core_internal.{table} AS t LIMIT 1"):
        try:
            with session.transaction():
                stored = session.execute(statement).rowcount > 0 or stored
        except psycopg.Error:
            pass
    return stored


def test_what_a_maintainer_stores_harms_no_other(fresh):
    """Each column, each value in its turn: doctor, metrics, another tenant's work, and forget_tenant go on; all undone afterwards."""
    stored = 0
    role_a, role_b = (sql.Identifier(fresh.roles[tenant]) for tenant in (A, B))
    b_runs = fresh.runs[B]
    with fresh.admin() as session:
        for table, column, of_type in columns_to_write(fresh):
            for hostile in HOSTILE[of_type]:
                with session.transaction(force_rollback=True):
                    session.execute(sql.SQL("SET LOCAL SESSION AUTHORIZATION {}").format(role_a))
                    bind(session, A)
                    if not store(session, table, column, hostile):
                        continue
                    stored += 1
                    session.execute("SELECT inventory_core.clear_tenant()")
                    where = (table, column, hostile)
                    try:
                        session.execute("SET LOCAL SESSION AUTHORIZATION DEFAULT")
                        assert session.execute("SELECT check_name FROM inventory_core.doctor()").fetchall()
                        assert value(session, "SELECT value FROM inventory_core.metrics() "
                                              "WHERE tenant_id = 'b' AND metric = 'inventory_core_known_items'") > 0
                        session.execute("SELECT count(*) FROM inventory_core_internal.tenants")
                        session.execute(sql.SQL("SET LOCAL SESSION AUTHORIZATION {}").format(role_b))
                        session.execute("SELECT inventory_core.upsert_items('b', %s, %s)", (b_runs["running"], scene.items("b", [1, 2])))
                        session.execute("SELECT inventory_core.missing_items('b', %s)", (fresh.hashes[B][0],))
                        assert value(session, """SELECT status FROM inventory_core.start_run('b', '{"x": 1}')""") == "running"
                        session.execute("SELECT inventory_core.finish_run('b', %s)", (b_runs["running"],))
                        session.execute("SELECT inventory_core.clear_tenant()")
                        session.execute("SET LOCAL SESSION AUTHORIZATION DEFAULT")
                        session.execute("SELECT inventory_core.forget_tenant('a')")
                    except psycopg.Error as raised:
                        raise AssertionError(where) from raised
    assert stored > 150, stored


def test_maintain_goes_on_with_the_others(fresh):
    """What cannot be maintained is a warning, and the rest is done."""
    with fresh.connect(A) as session:
        with session.transaction():
            bind(session, A)
            session.execute(r"UPDATE inventory_core_internal.run_parts SET item_ids = '\x3a30'")
            session.execute(r"UPDATE inventory_core_internal.last_seen SET item_ids = '\x00'")
            session.execute("UPDATE inventory_core_internal.sync_runs SET lease = '1 microsecond', lease_expires_at = '1970-01-01', started_at = '1970-01-02' "
                            "WHERE status = 'running'")
            session.execute("UPDATE inventory_core_internal.run_parts SET recorded_at = '1970-01-01'")
    with fresh.connect(B) as session:
        session.execute("""SELECT inventory_core.start_run('b', '{"dead": 1}', lease => '1 microsecond', scope => 'other')""")
    with fresh.admin() as owner:
        told = []
        owner.add_notice_handler(lambda notice: told.append(notice.message_primary))
        with pytest.raises(errors.ObjectNotInPrerequisiteState, match="maintain failed for some tenants"):
            owner.execute("CALL inventory_core.maintain()")
        assert len(told) == 1 and "tenant a" in told[0]
        assert value(owner, "SELECT status FROM inventory_core_internal.sync_runs JOIN inventory_core_internal.selections USING (tenant_id, selection_hash) "
                            "WHERE tenant_id = 'b' AND selection = '{\"dead\": 1}'") == "failed"
        problems = owner.execute("SELECT detail FROM inventory_core.doctor() WHERE check_name = 'last_seen_sets' AND NOT ok").fetchall()
        assert "tenant a" in problems[0][0]
        owner.execute("SELECT inventory_core.forget_tenant('a')")
        owner.execute("CALL inventory_core.maintain()")


# --- intervals -------------------------------------------------------------------------------------------

INTERVALS = ("-12 months 361 days", "12 months -361 days", "178000000 years", "-178000000 years", "178000000 years -2000000000 hours", "-178000000 years 2000000000 hours",
             "2147483647 days", "-2147483648 days", "1 microsecond", "0", "7 days", "8 days -24:00:00.000001", "1 month", "-1 day", "999999999 hours")
TAKE_AN_INTERVAL = {
    "lease": "SELECT status FROM inventory_core.start_run('a', '{\"i\": 1}', lease => %s, scope => 'i')",
    "min_age": "SELECT status FROM inventory_core.start_run('a', '{\"list\": \"alpha\"}', min_age => %s, scope => 'i')",
    "prune": "SELECT inventory_core.prune_runs('a', %s, 0)",
    "forget": "SELECT inventory_core.forget_missing('a', {hash}, 0, %s)",
    "base": "SELECT inventory_core.retry_delay(1, 503, base => %s)",
    "cap": "SELECT inventory_core.retry_delay(1, 503, cap => %s)",
    "both": "SELECT inventory_core.retry_delay(30, 503, NULL, %s, '178000000 years')",
    "maintain": "CALL inventory_core.maintain(%s, 0)",
}


@pytest.mark.parametrize("statement", TAKE_AN_INTERVAL.values(), ids=TAKE_AN_INTERVAL)
def test_any_interval_is_taken_or_refused_as_such(fresh, statement):
    answered = 0
    with fresh.connect(A) as session:
        for interval in INTERVALS:
            try:
                given = {"interval": sql.Literal(interval).as_string(session), "hash": f"'{fresh.hashes[A][0]}'"}
                session.execute(re.sub(r"\{(\w+)\}", lambda name: given[name[1]], statement.replace("%s", "{interval}")))
                answered += 1
            except errors.InvalidParameterValue:
                pass
            except psycopg.Error as raised:
                raise AssertionError(interval) from raised
    assert 0 < answered < len(INTERVALS)


def test_what_leads_back_is_no_age(fresh):
    """'-12 months 361 days' compares as one day, and is four days before."""
    with fresh.connect(A) as session:
        for statement in ("SELECT inventory_core.prune_runs('a', '-12 months 361 days', 0)",
                          f"SELECT inventory_core.forget_missing('a', '{fresh.hashes[A][0]}', 0, '-12 months 361 days', false)",
                          "CALL inventory_core.maintain('-12 months 361 days', 0)",
                          "SELECT inventory_core.start_run('a', '{}', lease => '-12 months 361 days')",
                          "SELECT inventory_core.start_run('a', '{}', min_age => '-12 months 361 days')"):
            with pytest.raises(errors.InvalidParameterValue):
                session.execute(statement)


# --- an item that is corrected by hand -------------------------------------------------------------------

def test_an_item_is_not_renamed_by_a_direct_statement(fresh):
    with fresh.connect(A) as session:
        for column in ("policy_type", "external_id", "item_id", "tenant_id", "key_high", "key_low"):
            with pytest.raises(errors.InsufficientPrivilege), session.transaction():
                bind(session, A)
                session.execute(f"UPDATE inventory_core_internal.items SET {column} = {column}")


@pytest.mark.parametrize("change", ["display_name = 'corrected'", "display_name = NULL", "meta = '{\"owner\": \"corrected\"}'", "meta = NULL",
                                    "display_name = 'corrected', meta = NULL"])
def test_a_corrected_name_or_meta_is_seen_by_the_next_batch(fresh, change):
    """The digests follow, so the batch writes again what the API says. (With _name_digest and _meta_digest of the library.)"""
    batch = json.dumps([{"policy_type": "alpha disk", "external_id": "alpha 3", "display_name": "name alpha 3", "meta": {"owner": "alpha"}}])
    upsert = "SELECT unchanged, updated FROM inventory_core.upsert_items('a', %s, %s)"
    with fresh.connect(A) as session:
        assert session.execute(upsert, (fresh.runs[A]["running"], batch)).fetchone() == (1, 0)
        with session.transaction():
            bind(session, A)
            assert session.execute(f"UPDATE inventory_core_internal.items SET {change} WHERE external_id = 'alpha 3'").rowcount == 1
        assert session.execute(upsert, (fresh.runs[A]["running"], batch)).fetchone() == (0, 1)
        assert session.execute("SELECT display_name, meta FROM inventory_core.inventory_items('a') WHERE external_id = 'alpha 3'"
                               ).fetchone() == ("name alpha 3", {"owner": "alpha"})
        assert session.execute(upsert, (fresh.runs[A]["running"], batch)).fetchone() == (1, 0)


def test_what_corrects_to_the_same_changes_no_digest(fresh):
    digests = "SELECT name_digest, meta_digest FROM inventory_core_internal.items WHERE external_id = 'alpha 3'"
    with fresh.connect(A) as session, session.transaction():
        bind(session, A)
        before = session.execute(digests).fetchone()
        session.execute("UPDATE inventory_core_internal.items SET display_name = display_name || 'x', meta = NULL WHERE external_id = 'alpha 3'")
        changed = session.execute(digests).fetchone()
        assert changed[0] != before[0] and changed[1] != before[1]
        session.execute("UPDATE inventory_core_internal.items SET display_name = 'name alpha 3', meta = '{\"owner\": \"alpha\"}' "
                        "WHERE external_id = 'alpha 3'")
        assert session.execute(digests).fetchone() == before
