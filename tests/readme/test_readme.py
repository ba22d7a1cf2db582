"""The SQL in README.md and docs does what they show, in one session and with every statement on another connection."""

from pathlib import Path

import psycopg
import pytest
from psycopg import sql

import tutorial

ROOT = Path(__file__).parents[2]
PAGES = ["README.md"] + sorted(
    str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md")
    if any(block.expected is not None for block in tutorial.blocks_of(page.read_text("utf-8"))))
DATABASE = "mydb"          # as the pages call it


@pytest.fixture
def database():
    """An empty database; roles that the page makes are gone afterwards, so that the page can be run again."""
    with psycopg.connect(autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        roles_before = {name for (name,) in admin.execute("SELECT rolname FROM pg_roles")}
        admin.execute(f"CREATE DATABASE {DATABASE}")
        yield DATABASE
        admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        for (name,) in admin.execute("SELECT rolname FROM pg_roles").fetchall():
            if name not in roles_before:
                admin.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("each_on_new_connection", [False, True], ids=["one session", "pooled"])
def test_a_page_tells_the_truth(database, page, each_on_new_connection):
    assert tutorial.run((ROOT / page).read_text("utf-8"), database, each_on_new_connection=each_on_new_connection) > 0


# --- and this test could fail: small pages, true and false

TRUE_PAGE = """
# A page
```sql
CREATE TABLE visit (id uuid DEFAULT gen_random_uuid(), at timestamptz DEFAULT clock_timestamp(), place text);
INSERT INTO visit (place) VALUES ('a;
-- b');
```

Some words.

```sql
SELECT id, at, place || 'x' AS place, interval '1 day 00:01' AS stay FROM visit;
```

```text
                  id                  |              at               | place  |      stay
--------------------------------------+-------------------------------+--------+-----------------
 00000000-0000-4000-8000-000000000000 | 2026-01-01 00:00:00.000001+00 | a;    +| 1 day 00:01:00
                                      |                               | -- bx  |
(1 row)
```
"""


def page(statements, output):
    return f"```sql\n{statements}\n```\n```text\n{output}\n```\n"


def test_true_page_passes(database):
    assert tutorial.run(TRUE_PAGE, database) == 1


@pytest.mark.parametrize(
    "false_page",
    [
        TRUE_PAGE.replace("-- bx", "-- by"),
        TRUE_PAGE.replace("(1 row)", "(2 rows)"),
        TRUE_PAGE.replace("| place ", "| where "),
        TRUE_PAGE.replace("clock_timestamp()", "no_such_function()"),
        page("SELECT 1/0;", "ERROR:  division by one"),
        page("SELECT 1 AS a;", ""),
        "```sql\nSELECT 1;\n```\n",
        page("SELECT 1 AS a;", " a\n-\n 1\n(1 row)") + "```sh\nfalse\n```\n",
        "no block at all",
    ],
)
def test_false_page_is_caught(database, false_page):
    with pytest.raises(tutorial.Mismatch):
        tutorial.run(false_page, database)


def test_shell_commands_work_on_the_database(database):
    shell = "```sh\npsql -c 'CREATE TABLE made_by_sh ()'\n```\n"
    tutorial.run(shell + page("SELECT 'made_by_sh'::regclass;", " regclass\n-\n made_by_sh\n(1 row)"), database)


def test_an_error_can_be_the_expected_output(database):
    tutorial.run(page("SELECT 1/0;", "ERROR:  division by zero"), database)


def same_connection(answer):
    """A page that asks in a second statement whether it runs on the connection of the first."""
    return page("SELECT pg_backend_pid() AS first \\gset\nSELECT pg_backend_pid() = :first AS same;", f" same \n-\n {answer}\n(1 row)")


def test_pooled_gives_every_statement_a_new_connection(database):
    tutorial.run(same_connection("t"), database)
    tutorial.run(same_connection("f"), database, each_on_new_connection=True)


def test_pooled_keeps_a_transaction_and_the_role(database):
    statements = [
        "CREATE ROLE readme_visitor LOGIN;",
        "CREATE ROLE readme_guest;",
        "GRANT readme_guest TO readme_visitor;",
        "\\c - readme_visitor",
        "BEGIN;",
        "SELECT pg_backend_pid() AS first \\gset",
        "SELECT pg_backend_pid() = :first AS same;",
        "COMMIT;",
        "SET ROLE readme_guest;",
        "SELECT session_user, current_user;",
    ]
    output = " same\n-\n t\n(1 row)\n\n session_user | current_user\n-+-\n readme_visitor | readme_guest\n(1 row)"
    tutorial.run(page("\n".join(statements), output), database, each_on_new_connection=True)
