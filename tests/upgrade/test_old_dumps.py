"""A dump of an older version is restored where the new one is installed; and an upgraded database can be dumped as well.

A dump names no version, but the functions that roles may execute; and what an extension script grants, it leaves out.
"""

import pytest

import scene
import versions
from dumps import restored
from every_answer import every_answer

SELECTION = '{"type": "after the restore"}'


def privileges(owner):
    """Of every role that is no superuser, on everything of the extension."""
    return owner.execute("""
        SELECT a.grantee::regrole::text, o.object, a.privilege_type
        FROM (SELECT c.oid::regclass::text, c.relacl FROM pg_class AS c WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[])
              UNION ALL
              SELECT p.oid::regprocedure::text, p.proacl FROM pg_proc AS p
              WHERE p.pronamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[])) AS o (object, acl)
        CROSS JOIN LATERAL aclexplode(o.acl) AS a
        WHERE a.grantee <> 0 AND NOT (SELECT r.rolsuper FROM pg_roles AS r WHERE r.oid = a.grantee)
        ORDER BY 1, 2, 3""").fetchall()


def answers(world):
    with world.admin() as owner:
        return {tenant: every_answer(owner, role, tenant) for tenant, role in world.roles.items()}


def goes_on(copy, original_privileges, original_answers):
    """It answers the same to the same roles, and a plain role can go on."""
    with copy.admin() as owner:
        assert scene.value(owner, "SELECT extversion FROM pg_extension WHERE extname = 'inventory_core'") == versions.current()
        assert set(original_privileges) <= set(privileges(owner))
    assert answers(copy) == original_answers
    with copy.connect(scene.B) as app:
        run = scene.value(app, "SELECT run_id FROM inventory_core.start_run(%s, %s)", (scene.B, SELECTION))
        for low in (0, 1000):           # the second is large and new, and tried before it is looked up
            batch = scene.items(scene.CANARY, range(100 + low, 700 + low))
            assert scene.value(app, "SELECT inserted FROM inventory_core.upsert_items(%s, %s, %s)", (scene.B, run, batch)) == 600
        assert scene.value(app, "SELECT status FROM inventory_core.finish_run(%s, %s)", (scene.B, run)) == "success"


@pytest.mark.parametrize("old", versions.released())
def test_a_dump_of_an_older_version_is_restored(old, tmp_path):
    with scene.prepared(old) as world:
        with world.admin() as owner:
            granted = privileges(owner)
        assert len(granted) > 100
        before = answers(world)
        with restored(world, "custom", tmp_path) as copy:
            goes_on(copy, granted, before)


@pytest.mark.parametrize("old", versions.released())
def test_an_upgraded_database_is_dumped_and_restored(old, tmp_path):
    with scene.prepared(old) as world:
        with world.admin() as owner:
            granted = privileges(owner)
            versions.update(owner, versions.current())
            assert set(granted) <= set(privileges(owner))
        before = answers(world)
        with restored(world, "custom", tmp_path) as copy:
            goes_on(copy, granted, before)
