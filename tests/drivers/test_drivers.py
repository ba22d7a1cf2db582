"""The code of docs/drivers.md, driver by driver, each given values of its language; and the mistakes that its table names."""

import json
import os
import re
import subprocess
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "drivers.md").read_text("utf-8")
PYTHON = os.environ["IC_DRIVERS_PYTHON"]
NODE_MODULES = ROOT / "tests" / "drivers" / "npm" / "node_modules"        # scripts/setup fills it
DATABASE, ROLE = f"drivers_{os.getpid()}", f"drivers_app_{os.getpid()}"
SELECTION, ITEMS = {"type": "vm", "regions": ["eu", "us"]}, [{"policy_type": "vm", "external_id": "i-1", "meta": {"size": "L"}}]
ENVIRONMENT = {"PGDATABASE": DATABASE, "PGUSER": ROLE, "SELECTION": json.dumps(SELECTION), "ITEMS": json.dumps(ITEMS)}
NOT_RUN = {"Rust, sqlx"}

PYTHON_VALUES = """
import asyncio, json, os
tenant, selection, items = "acme", json.loads(os.environ["SELECTION"]), json.loads(os.environ["ITEMS"])
"""
NODE_VALUES = """
const { PGPORT, PGUSER, PGDATABASE } = process.env
const tenant = 'acme', selection = JSON.parse(process.env.SELECTION), items = JSON.parse(process.env.ITEMS)
const url = `postgresql://${PGUSER}@127.0.0.1:${PGPORT}/${PGDATABASE}`
"""
JAVA_START = """
import com.google.gson.Gson;
import java.sql.*;
public class Main {
    public static void main(String[] none) throws Exception {
        var gson = new Gson();
        var env = System.getenv();
        String tenant = "acme";
        var selection = gson.fromJson(env.get("SELECTION"), Object.class);
        var items = gson.fromJson(env.get("ITEMS"), Object.class);
        var db = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + env.get("PGPORT") + "/" + env.get("PGDATABASE"),
                                             env.get("PGUSER"), "");
"""
GO_START = """
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"

	"github.com/jackc/pgx/v4"
)

func main() {
	ctx, tenant := context.Background(), "acme"
	var selection map[string]interface{}
	var items []interface{}
	json.Unmarshal([]byte(os.Getenv("SELECTION")), &selection)
	json.Unmarshal([]byte(os.Getenv("ITEMS")), &items)
	db, failed := pgx.Connect(ctx, "")
	if failed != nil {
		log.Fatal(failed)
	}
"""

# Of each heading: how to run it, the file's name, what comes before the block and after it.
FRAMES = {
    "psycopg 3": ([PYTHON], "main.py", PYTHON_VALUES + "import psycopg\ndb = psycopg.connect(autocommit=True)\n", ""),
    "psycopg 2": ([PYTHON], "main.py", PYTHON_VALUES + "import psycopg2\ndb = psycopg2.connect('')\ndb.autocommit = True\ncursor = db.cursor()\n", ""),
    "asyncpg": ([PYTHON], "main.py", PYTHON_VALUES + "import asyncpg\nasync def main():\n  db = await asyncpg.connect()\n", "\nasyncio.run(main())\n"),
    "pg8000": ([PYTHON], "main.py", PYTHON_VALUES + "import pg8000.native\ndb = pg8000.native.Connection(os.environ['PGUSER'], "
               "host='127.0.0.1', port=int(os.environ['PGPORT']), database=os.environ['PGDATABASE'])\n", ""),
    "node-postgres": (["node"], "main.mjs", NODE_VALUES + "import pg from 'pg'\nconst db = new pg.Client(url)\nawait db.connect()\n", "await db.end()\n"),
    "postgres.js": (["node"], "main.mjs", NODE_VALUES + "import postgres from 'postgres'\nconst sql = postgres(url)\n", "await sql.end()\n"),
    "drizzle": (["node"], "main.mjs", NODE_VALUES + "import pg from 'pg'\nimport { drizzle } from 'drizzle-orm/node-postgres'\nimport { sql } from 'drizzle-orm'\n"
                "const client = new pg.Client(url)\nawait client.connect()\nconst db = drizzle(client)\n", "await client.end()\n"),
    "Sequelize": (["node"], "main.mjs", NODE_VALUES + "import { Sequelize, QueryTypes } from 'sequelize'\n"
                  "const sequelize = new Sequelize(url, { logging: false })\n", "await sequelize.close()\n"),
    "Knex": (["node"], "main.mjs", NODE_VALUES + "import makeKnex from 'knex'\nconst knex = makeKnex({ client: 'pg', connection: url })\n", "await knex.destroy()\n"),
    "TypeORM": (["node"], "main.mjs", NODE_VALUES + "import 'reflect-metadata'\nimport { DataSource } from 'typeorm'\n"
                "const source = await new DataSource({ type: 'postgres', url }).initialize()\n", "await source.destroy()\n"),
    "PHP, PDO": (["php"], "main.php", """<?php
set_error_handler(function ($level, $message) { throw new ErrorException($message); });
$db = new PDO('pgsql:', getenv('PGUSER'), null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
$tenant = 'acme';
$selection = json_decode(getenv('SELECTION'), true);
$items = json_decode(getenv('ITEMS'), true);
""", ""),
    "Perl, DBD::Pg": (["perl"], "main.pl", """
use strict; use warnings; use DBI; use JSON::PP;
my $db = DBI->connect('dbi:Pg:', $ENV{PGUSER}, '', { RaiseError => 1, AutoCommit => 1 });
my ($tenant, $selection, $items) = ('acme', decode_json($ENV{SELECTION}), decode_json($ENV{ITEMS}));
""", ""),
    "Ruby, Sequel": (["ruby"], "main.rb", """
require 'json'
require 'sequel'
db = Sequel.postgres(host: '127.0.0.1', port: ENV['PGPORT'], user: ENV['PGUSER'], database: ENV['PGDATABASE'])
tenant, selection, items = 'acme', JSON.parse(ENV['SELECTION']), JSON.parse(ENV['ITEMS'])
""", ""),
    "Go, pgx": (["go", "run"], "main.go", GO_START, "\n\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n}\n"),
    "Java, JDBC": (["java", "-cp", "/usr/share/java/postgresql.jar:/usr/share/java/gson.jar"], "Main.java", JAVA_START, "\n}}\n"),
}

# The mistakes of the table: what replaces what in the block, and what the driver or the server says.
MISTAKES = [
    ("psycopg 3", "Json(items)", "Jsonb(items)", "does not exist"),
    ("psycopg 3", "(tenant, Jsonb", "(42, Jsonb", "does not exist"),
    ("psycopg 3", "Json(items)", "Json(json.dumps(items))", "the array was encoded twice"),
    ("psycopg 3", "Jsonb(selection)", "Jsonb(json.dumps(selection))", "it was encoded twice"),
    ("psycopg 2", "Json(items)", "items", "can't adapt type 'dict'"),
    ("asyncpg", "json.dumps(items)", "items", "expected str"),
    ("pg8000", "json.dumps(items)", "items", "22P02"),
    ("node-postgres", "JSON.stringify(items)", "items", "22P02"),
    ("postgres.js", "sql.json(items)", "JSON.stringify(items)", "the array was encoded twice"),
    ("postgres.js", "sql.json(items)}::json", "sql.json(items)}", "42883"),
    ("drizzle", "JSON.stringify(items)", "[...items, ...items]", "42883"),
    ("Sequelize", "JSON.stringify(items)", "items", "22P02"),
    ("Knex", "JSON.stringify(items)", "items", "22P02"),
    ("TypeORM", "JSON.stringify(items)", "items", "22P02"),
    ("PHP, PDO", "json_encode($items)", "$items", "Array to string conversion"),
    ("Perl, DBD::Pg", "encode_json($items)", "[map { encode_json($_) } @$items]", "invalid input syntax for type json"),
    ("Ruby, Sequel", "items.to_json", "items", "InvalidTextRepresentation"),
    ("Java, JDBC", "?::json)", "?)", "does not exist"),
]


def block(heading):
    return re.search(rf"^## {re.escape(heading)}$.*?^```\w+\n(.*?)^```$", PAGE, re.M | re.S)[1]


@pytest.fixture(scope="module")
def database():
    with psycopg.connect(autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {DATABASE}")
        admin.execute(f"CREATE ROLE {ROLE} LOGIN")
        with psycopg.connect(dbname=DATABASE, autocommit=True) as owner:
            owner.execute("CREATE EXTENSION inventory_core")
            owner.execute("SELECT inventory_core.allow_meta('vm', 'size')")
            owner.execute("SELECT inventory_core.grant_access(%s::regrole, 'acme', 'writer')", (ROLE,))
            yield owner
        admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        admin.execute(f"DROP ROLE {ROLE}")


@pytest.fixture
def empty(database):
    """A tenant without anything."""
    yield database
    database.execute("SELECT inventory_core.forget_tenant('acme')")
    database.execute("SELECT inventory_core.grant_access(%s::regrole, 'acme', 'writer')", (ROLE,))


def run(heading, code, folder):
    command, name, before, after = FRAMES[heading]
    if "async def main" in before:
        code = re.sub("^", "  ", code, flags=re.M)
    file = folder / name
    file.write_text(before + code + after, "utf-8")
    if name.endswith(".mjs"):
        (folder / "node_modules").symlink_to(NODE_MODULES)
    environment = {**os.environ, **ENVIRONMENT, "PGHOST": "127.0.0.1", "PGSSLMODE": "disable", "GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}
    return subprocess.run([*command, str(file)], env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("heading", FRAMES)
def test_the_block_syncs(empty, tmp_path, heading):
    done = run(heading, block(heading), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    runs = empty.execute("SELECT status, observed_count, selection FROM inventory_core.inventory_sync_runs('acme')").fetchall()
    items = empty.execute("SELECT external_id, meta FROM inventory_core.inventory_items('acme')").fetchall()
    assert runs == [("success", 1, SELECTION)] and items == [("i-1", {"size": "L"})]


@pytest.mark.parametrize("heading, right, wrong, message", MISTAKES)
def test_the_mistake_says_what_it_is(empty, tmp_path, heading, right, wrong, message):
    assert right in block(heading)
    done = run(heading, block(heading).replace(right, wrong), tmp_path)
    assert done.returncode != 0 and message in done.stdout + done.stderr, done.stdout + done.stderr
    assert empty.execute("SELECT count(*) FROM inventory_core.inventory_items('acme')").fetchone() == (0,)


def test_every_heading_is_run():
    shown = set(re.findall(r"^## (.+)$", PAGE, re.M)) - {"What the errors mean", "One call, one transaction"}
    assert shown == FRAMES.keys() | NOT_RUN


# --- one call, one transaction ----------------------------------------------------------------------------

def test_a_pipeline_is_one_transaction(empty):
    """In a pipeline of psycopg 3 with a transaction around it, as its documentation advises, a second tenant is refused."""
    empty.execute("SELECT inventory_core.grant_access(%s::regrole, 'globex', 'writer')", (ROLE,))
    with psycopg.connect(dbname=DATABASE, user=ROLE) as app:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), app.pipeline():
            app.execute("""SELECT inventory_core.start_run('acme', '{}')""")
            app.execute("""SELECT inventory_core.start_run('globex', '{}')""")
        app.rollback()
    assert empty.execute("SELECT count(*) FROM inventory_core_internal.sync_runs").fetchone() == (0,)


def test_maintain_in_a_transaction(database):
    with psycopg.connect(dbname=DATABASE, user=ROLE) as app:
        database.execute("SELECT inventory_core.grant_access(%s::regrole, 'acme', 'maintainer')", (ROLE,))
        with pytest.raises(psycopg.errors.InvalidTransactionTermination):
            app.execute("CALL inventory_core.maintain()")


def test_finish_run_is_one_composite_value(empty):
    with psycopg.connect(dbname=DATABASE, user=ROLE, autocommit=True) as app:
        [run_id] = app.execute("SELECT run_id FROM inventory_core.start_run('acme', '{}')").fetchone()
        whole = app.execute("SELECT inventory_core.finish_run('acme', %s, 'failed')", (run_id,)).fetchone()
        assert len(whole) == 1
        assert app.execute("SELECT status, error_codes FROM inventory_core.finish_run('acme', %s, 'failed')", (run_id,)).fetchone() == ("failed", [])
