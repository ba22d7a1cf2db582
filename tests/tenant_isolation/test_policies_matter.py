"""The same checks with and without row-level security: what the policies hold must fall with them.

Else a check proves nothing. The other way round, what our functions hold by naming their tenant stays.
"""

import psycopg
import pytest

import leaks
import scene
from scene import run

ALL = leaks.HELD_BY_POLICIES | leaks.HELD_TWICE


def red(world, check):
    """The subjects of a check for which it fails, with how."""
    failed, count = {}, 0
    for subject, probe in check(world):
        count += 1
        try:
            probe()
        except (AssertionError, psycopg.Error) as raised:
            failed[subject] = raised
    assert count, "the check found nothing to check"
    return failed


def subjects(world, check):
    return {subject for subject, _ in check(world)}


@pytest.fixture(scope="module")
def unprotected(prepared):
    """Every policy dropped, row-level security off."""
    with scene.copy(prepared) as copied:
        with copied.admin() as owner:
            for policy, table in owner.execute(
                    "SELECT polname, relname FROM pg_policy JOIN pg_class AS c ON c.oid = polrelid "
                    "WHERE relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[])").fetchall():
                run(owner, "DROP POLICY {} ON inventory_core_internal.{}", policy, table)
        scene.disable_policies(copied)
        yield copied


@pytest.mark.parametrize("check", ALL.values(), ids=ALL)
def test_holds(world, check):
    assert red(world, check) == {}


@pytest.mark.parametrize("check", leaks.HELD_BY_POLICIES.values(), ids=leaks.HELD_BY_POLICIES)
def test_goes_red_without_policies(unprotected, check):
    assert subjects(unprotected, check) - red(unprotected, check).keys() == set()


@pytest.mark.parametrize("check", leaks.HELD_TWICE.values(), ids=leaks.HELD_TWICE)
def test_functions_hold_without_policies(unprotected, check):
    assert red(unprotected, check) == {}


def test_each_table_goes_red_on_its_own(fresh):
    """One table unprotected: the reads of that table, and of no other, are red. A new table is covered by default."""
    tables = [name for name, _, _ in leaks.relations(fresh, kinds="r")]
    with fresh.admin() as owner:
        for table in tables:
            run(owner, "ALTER TABLE inventory_core_internal.{} DISABLE ROW LEVEL SECURITY", table)
            assert red(fresh, leaks.copy_out).keys() == {table}
            run(owner, "ALTER TABLE inventory_core_internal.{} ENABLE ROW LEVEL SECURITY", table)


def test_an_open_permissive_policy_opens_nothing(fresh):
    """The restrictive twin of every table; with it gone, too, the fence is open."""
    with fresh.admin() as owner:
        tables = [name for name, _, _ in leaks.relations(fresh, kinds="r")] + ["run_slots", "tenant_grants", "meta_whitelist"]
        for table in tables:
            run(owner, "CREATE POLICY open ON inventory_core_internal.{} USING (true) WITH CHECK (true)", table)
        for check in ALL.values():
            assert red(fresh, check) == {}, check.__name__
        for table, policy in owner.execute("SELECT relname, polname FROM pg_policy JOIN pg_class AS c ON c.oid = polrelid "
                                           "WHERE NOT polpermissive AND relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[])").fetchall():
            run(owner, "DROP POLICY {} ON inventory_core_internal.{}", policy, table)
        assert subjects(fresh, leaks.read) - red(fresh, leaks.read).keys() == set()
