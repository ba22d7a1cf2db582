"""The code of docs/frameworks.md, block by block, each by the framework that it is written for."""

import json
import os
import re
import subprocess
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "frameworks.md").read_text("utf-8")
PYTHON = os.environ["IC_FRAMEWORKS_PYTHON"]
NODE_MODULES = ROOT / "tests" / "frameworks" / "prisma" / "node_modules"        # scripts/setup fills it
DATABASE = "frameworks"
ITEMS = json.dumps([{"policy_type": "vm", "external_id": "i-1"}])
# Written differently in each round, as two callers of one selection may.
SELECTIONS = ['{"type": "vm", "regions": ["eu", "us"]}', '{"regions": ["us", "eu"], "type": "vm"}']

# What an application has anyway, before the block, and what makes its answer visible, after it.
FRAMES = {
    "SQLAlchemy": (PYTHON, "py", """
import json, os
DATABASE_URL = "postgresql+psycopg://frameworks_app@/frameworks?host={PGHOST}&port={PGPORT}".format(**os.environ)
SELECTION, ITEMS = os.environ["SELECTION"], os.environ["ITEMS"]
""", "\nprint(json.dumps([dict(row) for row in missing]))"),
    "Django": (PYTHON, "py", """
import json, os
import django
from django.conf import settings
settings.configure(DATABASES={"default": {
    "ENGINE": "django.db.backends.postgresql", "NAME": "frameworks", "USER": "frameworks_app",
    "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"]}})
django.setup()
SELECTION, ITEMS = os.environ["SELECTION"], os.environ["ITEMS"]
""", "\nprint(json.dumps(missing))"),
    "Rails": ("ruby", "rb", """
require 'active_record'
ActiveRecord::Base.establish_connection(adapter: 'postgresql', host: ENV['PGHOST'], port: ENV['PGPORT'],
                                        username: 'frameworks_app', database: 'frameworks')
SELECTION, ITEMS = ENV.values_at('SELECTION', 'ITEMS')
""", "\nputs missing.to_json"),
    "Laravel": ("php", "php", """<?php
require '/usr/share/php/Illuminate/Database/autoload.php';
$capsule = new Illuminate\\Database\\Capsule\\Manager;
$capsule->addConnection(['driver' => 'pgsql', 'host' => getenv('PGHOST'), 'port' => getenv('PGPORT'), 'charset' => 'utf8',
                         'username' => 'frameworks_app', 'database' => 'frameworks']);
$capsule->setAsGlobal();
class_alias('Illuminate\\Database\\Capsule\\Manager', 'Illuminate\\Support\\Facades\\DB');
[$selection, $items] = [getenv('SELECTION'), getenv('ITEMS')];
""", "\necho json_encode($missing);"),
    "Prisma": ("node", "mjs", """
const { PGPORT, SELECTION: selection, ITEMS: items } = process.env
process.env.DATABASE_URL = `postgresql://frameworks_app@127.0.0.1:${PGPORT}/frameworks`
const tenant = 'acme'
""", "\nconsole.log(JSON.stringify(missing))\nawait prisma.$disconnect()"),
}


def block(heading):
    return re.search(rf"^## {heading}$.*?^```\w+\n(.*?)^```$", PAGE, re.M | re.S)[1]


@pytest.fixture(scope="module")
def database():
    with psycopg.connect(autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        admin.execute("DROP ROLE IF EXISTS frameworks_app")
        admin.execute(f"CREATE DATABASE {DATABASE}")
        admin.execute("CREATE ROLE frameworks_app LOGIN")
    with psycopg.connect(dbname=DATABASE, autocommit=True) as owner:
        owner.execute("CREATE EXTENSION inventory_core")
        yield owner
    with psycopg.connect(autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        admin.execute("DROP ROLE frameworks_app")


@pytest.fixture
def folder(tmp_path):
    """Where the scripts are written: Node.js looks for packages beside them."""
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    return tmp_path


def begin_anew(database):
    database.execute("SELECT inventory_core.forget_tenant('acme')")         # the grants, too
    database.execute("SELECT inventory_core.grant_access('frameworks_app', 'acme', 'writer')")


def sync(folder, name, **environment):
    """What the block finds missing, as the framework gives it."""
    program, suffix, before, after = FRAMES[name]
    script = folder / f"sync.{suffix}"
    script.write_text(before + block(name) + after, "utf-8")
    done = subprocess.run([program, script], env={**os.environ, **environment}, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", FRAMES)
def test_the_block_syncs_and_tells_what_is_missing(database, folder, name):
    begin_anew(database)
    both = json.dumps([*json.loads(ITEMS), {"policy_type": "vm", "external_id": "i-2"}])
    assert sync(folder, name, SELECTION=SELECTIONS[0], ITEMS=both) == []
    assert sync(folder, name, SELECTION=SELECTIONS[1], ITEMS=ITEMS) == [{"external_id": "i-2", "confidence": "high"}]
    runs = database.execute("SELECT status, had_errors, observed_count FROM inventory_core.inventory_sync_runs('acme') "
                            "ORDER BY run_seq")
    assert runs.fetchall() == [("success", False, 2), ("success", False, 1)]


@pytest.mark.parametrize("name", FRAMES)
def test_a_busy_selection_is_no_failure(database, folder, name):
    begin_anew(database)
    database.execute("SELECT inventory_core.start_run('acme', %s)", [SELECTIONS[0]])
    assert sync(folder, name, SELECTION=SELECTIONS[1], ITEMS=ITEMS) == []
    assert database.execute("SELECT count(*) FROM inventory_core.inventory_items('acme')").fetchone() == (0,)


def test_the_page_says_which_versions_were_run():
    """The heads of the sections name them."""
    installed = subprocess.run([PYTHON, "-c", "import sqlalchemy, django; print(sqlalchemy.__version__, django.__version__)"],
                               capture_output=True, encoding="utf-8").stdout.split()
    prisma = json.loads((NODE_MODULES / "prisma" / "package.json").read_text("utf-8"))["version"]
    versions = dict(zip(["SQLAlchemy", "Django", "Prisma"], [*installed, prisma]))
    assert [f"{name} {version}" for name, version in versions.items() if f"\n{name} {version.split('.')[0]} " not in PAGE] == []
