"""pg_dump and pg_restore: the same answers, grants and policies afterwards, and work goes on."""

import json
import os
import re

import psycopg
import pytest
from psycopg import sql

import scene
from dumps import WAYS, client, restored
from every_answer import every_answer
from operating_page import command
from own_server import own_server

# What a dump has to bring back beside the answers, with names in the place of numbers.
CATALOGUE = """
SELECT 'acl of ' || c.relname, c.relacl::text FROM pg_class AS c WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[])
UNION ALL
SELECT 'acl of ' || a.attrelid::regclass || '.' || a.attname, a.attacl::text FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND a.attacl IS NOT NULL
UNION ALL
SELECT 'acl of ' || p.oid::regprocedure, p.proacl::text FROM pg_proc AS p WHERE p.pronamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[])
UNION ALL
SELECT 'fence of ' || c.relname, c.relrowsecurity::text || c.relforcerowsecurity FROM pg_class AS c
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[])
UNION ALL
SELECT 'policy ' || p.policyname || ' of ' || p.tablename, p::text FROM pg_policies AS p WHERE p.schemaname IN ('inventory_core', 'inventory_core_internal')
UNION ALL
SELECT 'whitelist', w::text FROM inventory_core_internal.meta_whitelist AS w
UNION ALL
SELECT 'limit', l::text FROM inventory_core_internal.tenant_limits AS l
UNION ALL
SELECT 'counter', t::text FROM inventory_core_internal.tenants AS t
UNION ALL
SELECT 'grant', g.tenant_id || g.role_name || g.access || g.granted_at FROM inventory_core_internal.tenant_grants AS g
UNION ALL
SELECT 'rows of selections', s::text FROM inventory_core_internal.selections AS s
UNION ALL
SELECT 'version', extversion FROM pg_extension WHERE extname = 'inventory_core'
"""


def described(connection, world):
    """The catalogue, and every answer to every tenant's plain role."""
    described = {"catalogue": sorted(connection.execute(CATALOGUE).fetchall(), key=repr)}
    for tenant, role in world.roles.items():
        described |= {(tenant, name): rows for name, rows in every_answer(connection, role, tenant).items()}
    return described


def same(before, after):
    assert before.keys() == after.keys()
    for name in before:
        assert after[name] == before[name], name


def lose_an_item(app, tenant):
    """So that gone_items has a row."""
    for number in (1, 2):
        run = scene.value(app, "SELECT run_id FROM inventory_core.start_run(%s, %s)", (tenant, '{"list": "short"}'))
        app.execute("SELECT inventory_core.upsert_items(%s, %s, %s)", (tenant, run, scene.items("lost", [number])))
        app.execute("SELECT inventory_core.finish_run(%s, %s)", (tenant, run))


@pytest.mark.parametrize("way", WAYS)
def test_a_restore_gives_the_same(fresh, way, tmp_path):
    with fresh.connect(scene.B) as app:
        lose_an_item(app, scene.B)
    with fresh.admin() as owner:
        before = described(owner, fresh)
    empty = {name for name, found in before.items() if name[0] == scene.B and not found}
    assert not empty, "the scene has no such answer, so nothing is compared"
    with restored(fresh, way, tmp_path) as copy, copy.admin() as owner:
        same(before, described(owner, copy))


def test_the_comparison_notices(fresh):
    with fresh.admin() as owner:
        before = described(owner, fresh)
        for change in ("UPDATE inventory_core_internal.items SET display_name = 'x' WHERE tenant_id = 'b' AND item_id = 1",
                       "ALTER TABLE inventory_core_internal.items NO FORCE ROW LEVEL SECURITY",
                       "REVOKE EXECUTE ON FUNCTION inventory_core.forget_items FROM inventory_core_maintainer"):
            with owner.transaction(force_rollback=True):
                owner.execute(sql.SQL(change).format(sql.Identifier(fresh.roles[scene.B])))
                after = {"catalogue": sorted(owner.execute(CATALOGUE).fetchall(), key=repr)}
                items = every_answer_inside(owner, fresh)
                assert after["catalogue"] != before["catalogue"] or items != before[scene.B, "inventory_items"], change


def every_answer_inside(owner, world):
    """One answer, inside the transaction that is open."""
    return sorted(owner.execute("SELECT a FROM inventory_core.inventory_items(%s) AS a", (scene.B,)).fetchall(), key=repr)


def test_work_goes_on(fresh, tmp_path):
    run, item = fresh.runs[scene.B]["running"], scene.items(scene.CANARY, [3, 9])
    with restored(fresh, "custom", tmp_path) as copy, copy.connect(scene.B) as app:
        refused = app.execute("SELECT reason, blocking_run_id FROM inventory_core.start_run(%s, %s)",
                              (scene.B, json.dumps({"list": scene.CANARY, "often": True}))).fetchone()
        assert (refused[0], str(refused[1])) == ("already_running", run)
        highest = scene.value(app, "SELECT max(item_id) FROM inventory_core.inventory_items(%s)", (scene.B,))
        counts = app.execute("SELECT inserted, unchanged FROM inventory_core.upsert_items(%s, %s, %s)",
                             (scene.B, run, item)).fetchone()
        assert counts == (1, 1)
        app.execute("SELECT inventory_core.heartbeat(%s, %s)", (scene.B, run))
        finished = app.execute("SELECT status, observed_count FROM inventory_core.finish_run(%s, %s)",
                               (scene.B, run)).fetchone()
        assert finished == ("success", 4)
        assert highest + 1 == scene.value(
            app, "SELECT item_id FROM inventory_core.inventory_items(%s) WHERE external_id = %s",
            (scene.B, f"{scene.CANARY} 9"))
        started = app.execute("SELECT status FROM inventory_core.start_run(%s, %s)",
                              (scene.B, json.dumps({"list": scene.CANARY}))).fetchone()
        assert started == ("running",)


def test_a_restored_run_counts_in_the_limit_over_all_tenants(fresh, tmp_path):
    with restored(fresh, "custom", tmp_path) as copy:
        with copy.admin() as owner:
            running = scene.value(owner, "SELECT count(*) FROM inventory_core_internal.sync_runs WHERE status = 'running'")
            scene.run(owner, f"ALTER DATABASE {{}} SET inventory_core.max_running_runs = {running}", copy.database)
        for tenant, runs in copy.runs.items():
            with copy.connect(tenant) as app:
                app.execute("SELECT inventory_core.heartbeat(%s, %s)", (tenant, runs["running"]))
        with copy.connect(scene.A) as app:
            assert scene.value(app, "SELECT reason FROM inventory_core.start_run(%s, %s)",
                               (scene.A, '{"list": "one more"}')) == "global_limit"


def test_without_privileges(fresh, tmp_path):
    """pg_restore -x: the extension grants its group roles what they need, and grants are rows."""
    client(["pg_dump", "-Fc", "-f", str(tmp_path / "dump"), fresh.database])
    with fresh.admin() as owner:
        before = described(owner, fresh)
    with scene.empty_database(f"restored {os.getpid()}", "template0") as database:
        client(["pg_restore", "--exit-on-error", "-x", "-d", database, str(tmp_path / "dump")])
        with scene.connect(database) as there:
            same(before, described(there, fresh))
            for role in ("reader", "writer", "maintainer"):
                there.execute(f"REVOKE ALL ON ALL ROUTINES IN SCHEMA inventory_core, inventory_core_internal FROM inventory_core_{role}")
            scene.grant(there, fresh.roles[scene.A], scene.A, "maintainer")
            after = described(there, fresh)
            for lines in (before["catalogue"], after["catalogue"]):     # granted_at is new, and the order of a list of privileges
                lines[:] = [line for line in lines if line[0] != "grant" and not line[0].startswith("acl of")]
            same(before, after)


def test_triggers_that_a_restore_leaves_behind(fresh, tmp_path):
    """pg_restore --disable-triggers enables the triggers again, but not ALWAYS: a replica's rows would go past them."""
    dump = str(tmp_path / "dump")
    client(["pg_dump", "-Fc", "-a", "-f", dump, fresh.database])
    with scene.empty_database(f"restored {os.getpid()}", "template0") as database, scene.connect(database) as there:
        there.execute("CREATE EXTENSION inventory_core")
        client(["pg_restore", "--exit-on-error", "-a", "--disable-triggers", "-d", database, dump])
        ok, detail, hint = there.execute("SELECT ok, detail, hint FROM inventory_core.doctor() WHERE check_name = 'triggers'").fetchone()
        assert not ok and "redact_guard" in detail and "inventory_core_internal.sync_errors" in detail and "ENABLE ALWAYS" in hint
        told = there.execute("SELECT tgrelid::regclass::text, tgname::text FROM pg_trigger "
                             "WHERE NOT tgisinternal AND tgrelid::regclass::text ~ 'inventory_core' ORDER BY 1, 2").fetchall()
        for table, trigger in told:
            there.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")
        assert scene.value(there, "SELECT ok FROM inventory_core.doctor() WHERE check_name = 'triggers'")


def test_who_can_dump(fresh, tmp_path):
    """Row-level security is forced, also on the owner of the tables: pg_dump refuses to leave rows out silently."""
    reader, dumper = scene.names("reads all", "dumper")
    dump = ["pg_dump", "-Fc", "-f", str(tmp_path / "dump"), "-U", "{user}", "{source}"]
    with scene.plain_roles(reader, dumper), fresh.admin() as owner:
        scene.run(owner, "GRANT pg_read_all_data TO {}, {}", reader, dumper)
        scene.run(owner, "ALTER ROLE {} BYPASSRLS", dumper)
        with pytest.raises(AssertionError, match="row-level security"):
            client(dump, user=reader, source=fresh.database)
        client(dump, user=dumper, source=fresh.database)
        before = described(owner, fresh)
        with scene.empty_database(f"restored {os.getpid()}", "template0") as database:
            client(["pg_restore", "--exit-on-error", "-d", database, str(tmp_path / "dump")])
            with scene.connect(database) as other:
                same(before, described(other, fresh))


def test_another_cluster_where_roles_have_other_numbers(fresh, tmp_path):
    """A grant counts where name and number are of one role: so nobody gets what was granted to a stranger of that number."""
    with fresh.admin() as owner:
        scene.run(owner, "ALTER DATABASE {} SET inventory_core.lease = '7min'", fresh.database)
        before = described(owner, fresh)
        numbers = dict(owner.execute("SELECT rolname::text, oid FROM pg_roles").fetchall())
    client(["pg_dump", "--create", "-Fc", "-f", "{file}", "{source}"], file=str(tmp_path / "dump"), source=fresh.database)
    roles = sorted(set(fresh.roles.values()))
    with own_server() as server:
        with server.connect() as there:
            # whoever restores copies the roles first (pg_dumpall --roles-only); these two swap their numbers
            for role in reversed(roles):
                scene.run(there, "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS", role)
            assert all(numbers[name] != oid for name, oid in there.execute(
                "SELECT rolname::text, oid FROM pg_roles WHERE rolname = ANY (%s)", (roles,)).fetchall())
        client(["pg_restore", "--exit-on-error", "--create", "-d", "postgres", str(tmp_path / "dump")],
               {"PGHOST": str(server.folder), "PGPORT": "5432"})
        with server.connect(dbname=fresh.database) as there:
            assert scene.value(there, "SELECT current_setting('inventory_core.lease')") == "7min"
            for role in roles:
                for tenant in (scene.A, scene.B):
                    with server.connect(dbname=fresh.database, user=role) as app, \
                            pytest.raises(psycopg.errors.InsufficientPrivilege):
                        app.execute("SELECT inventory_core.inventory_items(%s)", (tenant,))
            told = dict(there.execute("SELECT check_name, detail FROM inventory_core.doctor() WHERE NOT ok").fetchall())
            assert re.match(rf"{len(fresh.roles)} grants do not count", told["grants"])
            there.execute(command("grant_access(quote_ident("))
            assert scene.value(there, "SELECT bool_and(ok) FROM inventory_core.doctor() "
                                      "WHERE check_name IN ('grants', 'memberships', 'privileges', 'group_privileges', 'triggers')")
            granted = [line for line in before["catalogue"] if line[0] == "grant"]
            after = described(there, fresh)
            assert len([line for line in after["catalogue"] if line[0] == "grant"]) == len(granted)
            for lines in (before["catalogue"], after["catalogue"]):      # granted_at is new
                lines[:] = [line for line in lines if line[0] != "grant"]
            same(before, after)
