"""Ways to dump a database and to restore it; the commands of docs/operating.md are among them."""

import os
import subprocess
from contextlib import contextmanager

import scene
from operating_page import shell_command

NAMES = {"inventory.dump": "{file}", "mydb": "{source}", "newdb": "{target}"}
WAYS = {
    "custom": (shell_command("pg_dump -Fc", **NAMES)[0], *shell_command("pg_restore --exit-on-error -d", **NAMES)),
    "plain": (["pg_dump", "-f", "{file}", "{source}"],
              ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "{target}", "-f", "{file}"], {}),
    "in one transaction": (["pg_dump", "-Fc", "-f", "{file}", "{source}"],
                           ["pg_restore", "--single-transaction", "-d", "{target}", "{file}"], {}),
    # Foreign keys come with CREATE EXTENSION, and parallel jobs load the tables in any order. A superuser's session with
    # the setting of the page does not check them; our guard triggers are ENABLE ALWAYS and run all the same.
    "parallel": (["pg_dump", "-Fd", "-j", "2", "-f", "{file}", "{source}"], *shell_command("-j 4", **NAMES)),
    "in three sections": (["pg_dump", "-Fd", "-j", "2", "-f", "{file}", "{source}"],
                          ["bash", "-ec", "for section in pre-data data post-data; do "
                                          "pg_restore --exit-on-error --section=$section -j 2 -d '{target}' '{file}'; done"],
                          {"PGOPTIONS": "-c session_replication_role=replica"}),
}


def client(command, env=None, **names):
    done = subprocess.run([word.format(**names) for word in command], env={**os.environ, **(env or {})},
                          capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    return done


@contextmanager
def restored(world, way, folder):
    """The world in another database, by way of a file."""
    dump, restore, env = WAYS[way]
    names = {"file": str(folder / "dump"), "source": world.database, "target": f"restored {os.getpid()}"}
    client(dump, **names)
    with scene.empty_database(names["target"], "template0") as database:
        client(restore, env, **names)
        yield scene.World(database, world.roles, world.runs, world.hashes)
