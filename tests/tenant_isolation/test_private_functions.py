"""Private functions that take arrays or bytea, called by a plain role with whatever it can make up: each call is answered or
refused, soon, with a SQLSTATE of its own, and the backend lives on.

The functions are found in the catalogue, so a new one is covered as it comes.
"""

import random
import struct
import time

import psycopg
import pytest
from psycopg import errors

from own_server import BINDIR, OwnServer, as_server
from scene import A, bind, value

PRIVATE = "inventory_core_internal"
SECONDS = 5                 # what the longest call may take; on a busy machine most of it is waiting
FULL = struct.pack("<IBHHHHH", 12347, 1, 0, 65535, 1, 0, 65535)         # the set of all 65,536 ids of a chunk
EMPTY = struct.pack("<II", 12346, 0)
ITEMS = '[{"policy_type": "vm", "external_id": "i-1", "meta": {"owner": 1}}, {"policy_type": "vm", "external_id": "é"}]'


def full_of(containers):
    """A bitmap in the portable format that claims all ids of so many chunks."""
    flags = b"\xff" * (containers // 8)
    keys = b"".join(struct.pack("<HH", key, 65535) for key in range(containers))
    offsets = b"\0\0\0\0" * containers
    return struct.pack("<HH", 12347, containers - 1) + flags + keys + offsets + struct.pack("<HHH", 1, 0, 65535) * containers


def record(start, end, key=(1, 2)):
    return struct.pack("<qqqqII", *key, 3, 4, start, end)


def batch(records, external_ids=b""):
    return b"ICB1" + struct.pack("<I", len(records)) + b"".join(records) + external_ids


def mutations(of, count, seed=14):
    """The same bytes with a few of them changed, and cut."""
    chance = random.Random(seed)
    for _ in range(count):
        changed = bytearray(chance.choice(of))
        for _ in range(chance.randrange(1, 5)):
            changed[chance.randrange(len(changed))] = chance.choice((0, 1, 2, 127, 128, 255, chance.randrange(256)))
        yield bytes(changed[:chance.choice((len(changed), len(changed), chance.randrange(len(changed) + 1)))])


GOOD_BATCH = batch([record(1, 3), record(70, 5 | 1 << 31)], "i-1é".encode())
BYTES = [b"", b"\0", FULL, EMPTY, full_of(65536), full_of(8), b"\xff" * 20, struct.pack("<II", 12346, 0xffffffff), GOOD_BATCH,
         batch([record(2**32 - 1, 3)], b"i-1"), b"ICB1\xff\xff\xff\xff", batch([record(1, 1)] * 50_001, b"x"),
         batch([record(start, 0) for start in range(50_000)]), batch([record(1, 1)], b"\0"), batch([record(1, 1)], b"\xff"),
         bytes(1_000_000), *mutations([FULL, EMPTY, GOOD_BATCH], 40)]

# SQL expressions; the first of each type is one that makes sense.
VALUES = {
    "bytea": [f"'\\x{given.hex()}'::bytea" for given in BYTES] + ["NULL::bytea"],
    "bytea[]": [f"ARRAY['\\x{FULL.hex()}'::bytea, NULL, '\\x{EMPTY.hex()}']", "'{}'::bytea[]", "'{NULL}'::bytea[]", "NULL::bytea[]",
                f"array_fill('\\x{FULL.hex()}'::bytea, ARRAY[100000])", f"array_fill('\\x{full_of(65536).hex()}'::bytea, ARRAY[3])",
                f"ARRAY[['\\x{FULL.hex()}'::bytea, ''], ['\\x00', NULL]]"],
    "bigint[]": ["'{1,2,3}'::bigint[]", "'{}'::bigint[]", "'{NULL}'::bigint[]", "'{1,NULL,2}'::bigint[]", "NULL::bigint[]",
                 "'{-1}'::bigint[]", "'{9223372036854775807,-9223372036854775808}'::bigint[]", "'{{1,2},{NULL,4}}'::bigint[]",
                 "'[-5:-4]={7,8}'::bigint[]", "array_fill(7::bigint, ARRAY[300000])",
                 "(SELECT array_agg(n * 65536) FROM generate_series(1::bigint, 20000) AS n)"],
    "integer[]": ["'{1,2}'::integer[]", "'{}'::integer[]", "'{NULL}'::integer[]", "'{0,-1,2147483647,-2147483648,NULL}'::integer[]",
                  "NULL::integer[]", "'{{1},{2}}'::integer[]", "array_fill(1, ARRAY[1000000])"],
    "text[]": ["'{vm}'::text[]", "'{}'::text[]", "'{NULL}'::text[]", "'{vm,NULL,\"\"}'::text[]", "NULL::text[]",
               "'{{a,b},{c,NULL}}'::text[]", "array_fill('*'::text, ARRAY[100000])"],
    "json": [f"'{ITEMS}'::json", "'[]'::json", "'null'::json", "'\"[]\"'::json", "NULL::json",
             "(repeat('[', 5000) || repeat(']', 5000))::json", "('[' || repeat('1,', 400000) || '1]')::json"],
    "jsonb": [f"'{ITEMS}'::jsonb", "'null'::jsonb", "NULL::jsonb"],
    "text": [f"'{A}'", "NULL::text", "''", "'record'", "'é'", "repeat('x', 1000000)"],
    "uuid": ["gen_random_uuid()", "NULL::uuid"],
    "uuid[]": ["ARRAY[gen_random_uuid()]", "'{}'::uuid[]", "'{NULL}'::uuid[]", "NULL::uuid[]"],
    "boolean": ["true", "false", "NULL::boolean"],
    "integer": ["1", "0", "-1", "2147483647", "-2147483648", "NULL::integer"],
    "bigint": ["1", "0", "-1", "9223372036854775807", "-9223372036854775808", "NULL::bigint"],
    "double precision": ["0.5", "'NaN'::float8", "'-Infinity'::float8", "NULL::float8"],
    "timestamp with time zone": ["now()", "'infinity'::timestamptz", "NULL::timestamptz"],
    "interval": ["'1 hour'::interval", "NULL::interval"],
    "inventory_core_internal.sync_runs": ["NULL::inventory_core_internal.sync_runs"],
}


def functions(world):
    """(name, [type of each argument]) of those that the role may call."""
    with world.admin() as owner:
        found = owner.execute("""
            SELECT p.proname::text, array(
                   SELECT format_type(t.oid, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS a (oid, n)
                   JOIN pg_type AS t USING (oid) ORDER BY a.n)
            FROM pg_proc AS p
            WHERE p.pronamespace = %s::regnamespace AND p.prokind = 'f' AND p.prorettype <> 'trigger'::regtype
              AND has_function_privilege(%s, p.oid, 'EXECUTE')
            ORDER BY p.oid::regprocedure::text""", (PRIVATE, world.roles[A])).fetchall()
    return [(name, types) for name, types in found if any(of == "bytea" or of.endswith("[]") for of in types)]


def argument_lists(types, seed):
    """Each value of each argument once, where the others have their first one, and some at random."""
    lists = [VALUES[of] for of in types]             # KeyError: a type that no function had so far
    first = [values[0] for values in lists]
    yield first
    for at, values in enumerate(lists):
        for given in values[1:]:
            yield first[:at] + [given] + first[at + 1:]
    chance = random.Random(seed)
    for _ in range(12):
        yield [chance.choice(values) for values in lists]


def test_whatever_a_plain_role_passes_is_answered_or_refused(fresh):
    found = functions(fresh)
    assert {"_read_items", "_compare_items", "_item_texts", "_bitmap_union", "_bitmap_ids"} <= {name for name, _ in found}
    faults = []
    with fresh.connect(A) as connection:
        connection.execute(f"SET statement_timeout = '{SECONDS}s'")
        backend = connection.info.backend_pid
        for name, types in found:
            for arguments in argument_lists(types, name):
                call = f"{PRIVATE}.{name}({', '.join(arguments)})"
                try:
                    with connection.transaction(force_rollback=True):
                        bind(connection, A)
                        connection.execute(f"SELECT count(*) FROM {call}")
                except (errors.InternalError_, errors.QueryCanceled, psycopg.InterfaceError) as raised:
                    faults.append((call[:200], raised.sqlstate, str(raised)[:200]))
                except psycopg.Error as raised:
                    assert not connection.closed, call[:200]
                    if raised.sqlstate is None or raised.sqlstate.startswith(("58", "53")):
                        faults.append((call[:200], raised.sqlstate, str(raised)[:200]))
        assert connection.info.backend_pid == backend
    assert not faults, "\n".join(map(str, faults))


def memory_peak(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


@pytest.mark.parametrize("call, sqlstate, text_bytes", [
    (f"_bitmap_count('\\x{full_of(65536).hex()}')", "XX001", 1_000_000),
    (f"_bitmap_union(ARRAY['\\x{full_of(65536).hex()}'::bytea])", "XX001", 1_000_000),
    ("_canonical_json(repeat('[', 96000000))", "54000", 96_000_000),
    ("_selection_hash('[' || repeat('1,', 48000000) || '1]')", "54000", 96_000_000),
    ("_redact_meta('[' || repeat('\"password=hunter2\",', 20000) || '1]')", None, 400_000),
    ("_canonical_json('[' || repeat('2,1,', 260000) || '1]')", None, 1_040_000),
    ("_canonical_json('{\"a\":[' || repeat('{\"b\":1,\"a\":[2,1]},', 50000) || '1]}')", None, 900_000),
], ids=["bitmap_of_2^32_ids", "union_of_it", "96_mb_to_canonical_json", "96_mb_to_selection_hash",
        "meta_full_of_secrets", "many_small_numbers", "many_small_objects"])
def test_memory_follows_the_text(world, call, sqlstate, text_bytes):
    with world.connect(A) as connection:
        value(connection, f"SELECT count(*) FROM {PRIVATE}._canonical_json('[]')")      # the library is loaded
        before = memory_peak(connection.info.backend_pid)
        try:
            connection.execute(f"SELECT count(*) FROM {PRIVATE}.{call}")
            assert sqlstate is None
        except psycopg.Error as raised:
            assert raised.sqlstate == sqlstate
        # the statement itself, and what SQL makes of it before the function is called, is a few times the text
        assert memory_peak(connection.info.backend_pid) - before < 16 * text_bytes + (8 << 20)


@pytest.mark.parametrize("function, argument", [
    ("_bitmap_positions", f"array_fill('\\x{FULL.hex()}'::bytea, ARRAY[3000000])"),
    ("_bitmap_union", f"array_fill('\\x{FULL.hex()}'::bytea, ARRAY[3000000])"),
    ("_bitmap_chunks", "(SELECT array_agg(n * 48271 % 2147483647) FROM generate_series(1::bigint, 1500000) AS n)"),
], ids=["_bitmap_positions", "_bitmap_union", "_bitmap_chunks"])
def test_a_long_call_can_be_cancelled(world, function, argument):
    with world.connect(A) as connection:
        # made beforehand: how soon the server's own functions are cancelled is not ours to say
        connection.execute(f"CREATE TEMPORARY TABLE given AS SELECT {argument} AS argument")
        connection.execute("SET statement_timeout = '100ms'")
        since = time.monotonic()
        with pytest.raises(errors.QueryCanceled):
            connection.execute(f"SELECT count(*) FROM {PRIVATE}.{function}((SELECT argument FROM given))")
        assert time.monotonic() - since < SECONDS


def test_no_backtrace_reaches_a_client():
    """A panic is our fault and should not happen: this one takes a database whose texts may be no UTF-8."""
    server = OwnServer()
    try:
        as_server("env", "RUST_BACKTRACE=1", f"{BINDIR}/pg_ctl", "start", "-s", "-w", "-t", "60", "-D", str(server.data),
                  "-l", str(server.log))
        with server.connect() as owner:
            owner.execute("CREATE DATABASE bytes ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        with server.connect(dbname="bytes", client_encoding="SQL_ASCII") as owner:
            owner.execute("CREATE FUNCTION panics(text) RETURNS text LANGUAGE c STRICT "
                          "AS '$libdir/inventory_core', 'redact_message_wrapper'")
            with pytest.raises(errors.InternalError_) as raised:
                owner.execute(r"SELECT panics(E'\xff')")
            assert raised.value.diag.message_detail is None
    finally:
        server.destroy()
