"""Logical replication to a server that reads: the tables of docs/operating.md, and the same answers there."""

import time

import scene
from every_answer import every_answer
from operating_page import command
from own_server import own_server

# All that pg_dump takes but the grants: they hold the numbers of roles, so the subscriber's owner gives them there.
# run_slots is not in it: CREATE EXTENSION fills it on each side, and it says who runs on this server.
PUBLISH = command("CREATE PUBLICATION")


def caught_up(server, database, subscriber, seconds=60):
    deadline = time.monotonic() + seconds
    with server.connect(dbname=database) as here, subscriber.connect(dbname=database) as there:
        target = scene.value(here, "SELECT pg_current_wal_lsn()::text")
        while not (scene.value(there, "SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel")
                   and scene.value(here, "SELECT coalesce(bool_and(replay_lsn >= %s::pg_lsn), false) FROM pg_stat_replication",
                                   (target,))):
            assert time.monotonic() < deadline, "the subscriber does not catch up"
            time.sleep(0.05)


def test_a_subscriber_gives_the_same_answers(primary):
    server, world = primary
    with own_server() as subscriber:
        with subscriber.connect() as there:
            scene.run(there, "CREATE DATABASE {} TEMPLATE template0", world.database)
            for role in set(world.roles.values()):
                scene.run(there, "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS", role)
        with server.connect(dbname=world.database) as here, subscriber.connect(dbname=world.database) as there:
            assert here.execute("""SELECT c.oid::regclass FROM pg_class AS c
                WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind = 'r'
                  AND NOT (c.relreplident = 'd' AND EXISTS (SELECT FROM pg_index AS i
                                                            WHERE i.indrelid = c.oid AND i.indisprimary))""").fetchall() == []
            there.execute("CREATE EXTENSION inventory_core")
            for tenant, role in world.roles.items():
                scene.grant(there, role, tenant, "reader")
            here.execute(scene.value(here, PUBLISH))
            there.execute(command("CREATE SUBSCRIPTION").replace(
                "host=… dbname=mydb", f"host={server.folder} port=5432 user=postgres dbname=''{world.database}''"))
            try:
                caught_up(server, world.database, subscriber)
                compare(here, there, world)
                a_whole_run(world)                      # updates and deletes as well as inserts
                caught_up(server, world.database, subscriber)
                compare(here, there, world)
                # the guard runs for whoever applies changes, too
                assert scene.value(there, """SELECT bool_and(tgenabled = 'A') FROM pg_trigger
                    WHERE tgname = 'redact_guard' AND NOT tgisinternal""")
            finally:
                there.execute("DROP SUBSCRIPTION inventory")


def compare(here, there, world):
    for tenant, role in world.roles.items():
        assert every_answer(there, role, tenant) == every_answer(here, role, tenant)


def a_whole_run(world):
    run = world.runs[scene.A]["running"]
    with world.connect(scene.A) as app:
        app.execute("SELECT inventory_core.upsert_items(%s, %s, %s)", (scene.A, run, scene.items("alpha", [1, 20], "renamed")))
        app.execute("SELECT inventory_core.finish_run(%s, %s, 'partial')", (scene.A, run))
        app.execute("SELECT inventory_core.forget_items(%s, '{2}')", (scene.A,))
