"""A word that stands in every text of tenant b: nothing that tenant a can read or call ever says it.

What there is to read and call comes from the catalogue, so a new table, view or function is covered by default.
"""

import pytest
from psycopg import sql

import catalogue
import scene
from scene import A, B, CANARY

EXPLAIN = "EXPLAIN (ANALYZE, VERBOSE, BUFFERS) "


def reads(world, tenant):
    for relation in catalogue.readable(world, tenant):
        yield relation, f"SELECT r::text FROM {relation} AS r"
        yield relation, f"SELECT * FROM {relation} AS r ORDER BY r DESC LIMIT 5"
        yield relation, f"{EXPLAIN} SELECT * FROM {relation}"
        yield relation, f"SELECT 1 / (r::text !~ 'kanarien')::int, r FROM {relation} AS r"
        yield relation, f"SELECT CAST(r::text AS integer) FROM {relation} AS r"       # an error that quotes its row
        yield relation, (f"SELECT s::text FROM pg_stats AS s "
                         f"WHERE s.schemaname || '.' || s.tablename = '{relation}'")


def calls(world, tenant):
    arguments = catalogue.Arguments(world)
    for name, signature in catalogue.callable_functions(world, tenant):
        for turn, given in enumerate(arguments.lists_for(signature)):
            call = catalogue.expression(name, signature, given)
            yield name, sql.SQL("SELECT r::text FROM {} AS r").format(call)
            if turn < 4:
                yield name, sql.SQL(EXPLAIN + "SELECT r FROM {} AS r").format(call)


@pytest.mark.parametrize("binds", [True, False], ids=["bound", "unbound"])
def test_relations_never_say_it(world, binds):
    told = catalogue.listen(world, A, binds, reads(world, A))
    assert told.mentioning(CANARY) == []
    assert told.calls > 90 and (not binds or told.answered > 60)


@pytest.mark.parametrize("binds", [True, False], ids=["bound", "unbound"])
def test_functions_never_say_it(world, binds):
    told = catalogue.listen(world, A, binds, calls(world, A))
    assert told.mentioning(CANARY) == []
    assert told.calls > 900 and told.answered > 300, (told.calls, told.answered)


def test_relations_tell_no_run_of_another_tenant(world):
    told = catalogue.listen(world, A, True, reads(world, A))
    for tenant in (B, CANARY):
        for run in world.runs[tenant].values():
            assert told.mentioning(run) == []
        for selection_hash in world.hashes[tenant]:
            assert told.mentioning(selection_hash) == []


def test_b_hears_it_everywhere(world):
    """The control: the word is there to be found."""
    told = catalogue.listen(world, B, True, reads(world, B))
    silent = set(catalogue.readable(world, B)) - {source for source, _ in told.mentioning(CANARY)}
    assert silent == {f"inventory_core_internal.{name}" for name in (    # no text of a tenant in them
        "feed_entries", "feed_items", "feed_pruned", "feed_waiting", "feeds", "home_ranges", "last_seen", "meta_whitelist",
        "presence", "pruned_runs", "removals", "removed_items", "run_changes_bitmaps", "run_slots", "tenant_limits",
        "tenant_moves", "tenants")}


def test_a_hears_it_without_policies(fresh):
    """The same enumeration in a database without row-level security: so it can fail."""
    scene.disable_policies(fresh)
    heard = {source for source, _ in catalogue.listen(fresh, A, True, reads(fresh, A)).mentioning(CANARY)}
    assert {"inventory_core_internal.items", "inventory_core_internal.sync_runs", "inventory_core_internal.sync_errors", "inventory_core_internal.selections",
            "inventory_core_internal.cooldowns", "inventory_core_internal.tenant_grants", "inventory_core.inventory_items",
            "inventory_core.inventory_sync_errors", "inventory_core.run_progress"} <= heard
    heard = {source for source, _ in catalogue.listen(fresh, A, True, calls(fresh, A)).mentioning(CANARY)}
    assert "_type_baselines" in heard
