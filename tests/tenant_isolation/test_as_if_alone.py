"""Tenant a cannot tell whether there is a tenant b: the same history, with b beside it and without, gives the same.

b has the very same external ids, selections and labels, is there before, and is in the middle of a transaction
while a works. Compared is all that a can read, with run ids replaced by names; the clock stands still.
"""

import json
import os
import re
from contextlib import contextmanager

import psycopg
import pytest

import scene
from scene import A, B, UNKNOWN_HASH, UNKNOWN_RUN, World, bind, fill, items, run

MARK = "same"
NOW = "2026-01-01 00:00:00+00"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WAIT = re.compile(r"2026-01-01[T ](?!00:00:00\+)[0-9:.+]+")       # after a wait that has a random part

RELATIONS = ("tenants", "selections", "sync_runs", "sync_errors", "items", "run_parts", "last_seen", "run_changes_bitmaps",
             "removals", "removed_items", "feeds", "feed_entries", "feed_items", "feed_waiting", "feed_pruned", "cooldowns", "pruned_runs", "meta_whitelist", "inventory_items", "inventory_sync_runs", "inventory_sync_errors",
             "inventory_selections", "run_progress")
BY_SELECTION = ("missing_items", "missing_summary", "selection_status", "present_items")
RUN_OF_ONE = """SELECT (inventory_core.finish_run('a', s.run_id)).status
    FROM inventory_core.start_run('a', '{{"one": 1}}', scope => 'other') AS s, inventory_core.upsert_items('a', s.run_id, '{items}') AS u"""
LAST_CALLS = (      # more that is done, and each with what it says
    ("seen by one", RUN_OF_ONE.format(items='[{"policy_type": "t", "external_id": "i"}]')),
    ("not seen by it", RUN_OF_ONE.format(items='[{"policy_type": "t", "external_id": "j"}]')),
    ("gone", "SELECT to_jsonb(g) FROM inventory_core.gone_items('a') AS g"),
    ("start_run again", "SELECT r::text FROM inventory_core.start_run('a', %(selection)s, scope => 'other') AS r"),
    ("while it runs", "SELECT r::text FROM inventory_core.start_run('a', %(selection)s, scope => 'other') AS r"),
    ("while it waits", "SELECT status, reason FROM inventory_core.start_run('a', '{}', scope => 'scope same')"),
    ("min_age", "SELECT r::text FROM inventory_core.start_run('a', %(selection)s, min_age => '1 day', scope => 'other') AS r"),
    ("limit", "SELECT array_agg(r.status || coalesce(r.reason, '')) FROM generate_series(1, 9) AS n CROSS JOIN LATERAL "
              "inventory_core.start_run('a', jsonb_build_object('n', n), scope => 'other') AS r"),
    ("forget", "SELECT inventory_core.forget_items('a', ARRAY[1, 2, 900])"),
    ("feed", "SELECT array_agg((c.change, c.item_id, c.external_id)::text) FROM inventory_core.changes_since('a') AS c"),
    ("reap", "SELECT inventory_core.reap_expired_runs('a')"),
    ("missing", "SELECT inventory_core.forget_missing('a', inventory_core.selection_hash(%(selection)s), 1, '0', false)"),
    ("prune", "SELECT inventory_core.prune_runs('a', '0', 0)"),
    ("stale", "SELECT to_jsonb(s) FROM inventory_core.stale_selections('0', 'a') AS s"),
    ("stale of all", "SELECT to_jsonb(s) FROM inventory_core.stale_selections('0') AS s"),
    ("tenants", "SELECT inventory_core.tenants()"),
    ("rename", "SELECT inventory_core.rename_item('a', (SELECT max(item_id) FROM inventory_core.inventory_items('a')), 'new', 'new')"),
    ("presence", "SELECT to_jsonb(p) FROM inventory_core.item_presence('a', 'new', 'new') AS p"),
    ("doctor", "SELECT d::text FROM inventory_core.doctor() AS d WHERE d.check_name <> 'dump_role'"),
    ("grants", "SELECT inventory_core.granted_tenants()"),
    ("own grants", "SELECT tenant_id, access FROM inventory_core_internal.tenant_grants"),
    ("of nobody", "SELECT inventory_core.set_tenant('nobody''s')"),
    ("of b", "SELECT inventory_core.set_tenant('b')"),
    ("unknown run", f"SELECT inventory_core.heartbeat('a', '{UNKNOWN_RUN}')"),
    ("unknown selection", f"SELECT s::text FROM inventory_core.selection_status('a', '{UNKNOWN_HASH}') AS s"),
    ("bad batch", "SELECT inventory_core.upsert_items('a', %(run)s, '[{}]')"),
    ("finished run", "SELECT inventory_core.upsert_items('a', %(finished)s, '[]')"),
    ("list of tenants", "SELECT inventory_core_internal._bind_every()"),
    ("row that is there", "INSERT INTO inventory_core_internal.selections (tenant_id, selection_hash) VALUES ('a', '*')"),
    ("item that is there", "INSERT INTO inventory_core_internal.items SELECT * FROM inventory_core_internal.items"),
    ("run of nobody", f"INSERT INTO inventory_core_internal.sync_errors VALUES ('a', '{UNKNOWN_RUN}', 1, 'timeout')"))


@contextmanager
def database(prepared, name):
    with scene.empty_database(f"isolation {name} {os.getpid()}") as created:
        world = World(created, {tenant: prepared.roles[tenant] for tenant in (A, B)})
        scene.install(world)
        with world.admin() as owner:
            run(owner, f"ALTER DATABASE {{}} SET inventory_core.clock = '{NOW}'", created)
        yield world


def outcome(session, statement, args):
    try:
        with session.transaction():
            bind(session, A)
            return session.execute(statement, args).fetchall()
    except psycopg.Error as raised:
        told = raised.diag
        return [told.sqlstate, told.message_primary, told.message_detail, told.message_hint, told.context,
                told.constraint_name]


def history(world):
    """Everything a sees of its history, in order, as one text for each look."""
    with world.connect(A) as neighbour, \
            world.connect(A, options="-c timezone=UTC -c lock_timeout=2s -c statement_timeout=30s") as session:
        runs, hashes = fill(session, neighbour, A, MARK)
        seen = {}

        def look(when):
            with session.transaction():
                bind(session, A)
                for relation in RELATIONS:
                    seen[when, relation] = session.execute(
                        f"SELECT to_jsonb(r) - 'part' - 'request_id' FROM {scene.qualified(relation)} AS r").fetchall()
                for function in BY_SELECTION:
                    for selection_hash in hashes:
                        seen[when, function, selection_hash] = session.execute(
                            f"SELECT to_jsonb(r) FROM inventory_core.{function}('a', %s) AS r", (selection_hash,)).fetchall()
                for name, run_id in runs.items():
                    seen[when, "run_changes", name] = session.execute(
                        "SELECT to_jsonb(r) FROM inventory_core.run_changes('a', %s) AS r", (run_id,)).fetchall()
                seen[when, "explain_missing"] = session.execute(
                    "SELECT to_jsonb(r) FROM inventory_core.explain_missing('a', %s, 'same disk', 'same 5') AS r",
                    (hashes[0],)).fetchall()

        look("first")
        args = {"selection": json.dumps({"list": MARK}), "run": runs["running"], "finished": runs["success"]}
        for name, statement in LAST_CALLS:
            seen["call", name] = outcome(session, statement, args)
        look("last")
    names = {run_id: name for name, run_id in runs.items()}
    return {key: sorted(tidy(json.dumps(row, default=str), names) for row in rows) for key, rows in seen.items()}


def tidy(text, names):
    return WAIT.sub("<wait>", UUID.sub(lambda found: names.get(found[0], "<uuid>"), text))


@pytest.fixture(scope="module")
def alone(prepared):
    with database(prepared, "alone") as world:
        yield history(world)


@pytest.fixture(scope="module")
def beside(prepared):
    with database(prepared, "beside") as world, world.connect(B) as other, world.connect(B) as neighbour:
        fill(other, neighbour, B, MARK)
        with other.transaction(force_rollback=True):        # in the middle of the same, and holding its locks
            started = other.execute("SELECT run_id FROM inventory_core.start_run('b', %s, scope => 'other')",
                                    (json.dumps({"list": MARK}),)).fetchone()[0]
            other.execute("SELECT inventory_core.upsert_items('b', %s, %s)", (started, items(MARK, range(1, 30))))
            other.execute("SELECT inventory_core.finish_run('b', %s)", (started,))
            yield history(world)


def test_the_history_is_rich_enough(alone):
    silent = {key[1] for key, rows in alone.items() if not rows} - {
        key[1] for key, rows in alone.items() if rows}
    assert silent == set()
    assert any(row.count("tenant_limit") for row in alone["call", "limit"])
    assert '"42501"' in alone["call", "of b"] and alone["call", "of b"] == alone["call", "of nobody"]


def test_all_is_the_same(alone, beside):
    assert alone.keys() == beside.keys()
    different = {key: (alone[key], beside[key]) for key in alone if alone[key] != beside[key]}
    assert different == {}
