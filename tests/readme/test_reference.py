"""The pages of docs/reference and docs/errors.md name every public function, view, column, setting and error code, and no other."""

import os
import re
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).parents[2]
REFERENCE = "\n".join(page.read_text("utf-8") for page in sorted((ROOT / "docs" / "reference").glob("*.md")))
CONTENTS = (ROOT / "docs" / "reference.md").read_text("utf-8")
ERRORS = (ROOT / "docs" / "errors.md").read_text("utf-8")
MISSING = (ROOT / "docs" / "missing.md").read_text("utf-8")
DATABASE = f"reference_{os.getpid()}"
NAMESPACE = "'inventory_core'::regnamespace"


@pytest.fixture(scope="module")
def database():
    with psycopg.connect(autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {DATABASE}")
        with psycopg.connect(dbname=DATABASE, autocommit=True) as owner:
            owner.execute("CREATE EXTENSION inventory_core")
            yield owner
        admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def sections(page):
    """Heading -> text, of the headings of the second level."""
    parts = re.split(r"^## (\w+)\n", re.sub(r"^# .*\n", "## _\n", page, flags=re.M), flags=re.M)
    return {name: text for name, text in zip(parts[1::2], parts[2::2]) if name != "_"}


def short(type_or_signature):
    """As the page writes what the catalogue says."""
    text = re.sub(r"::(text|uuid|interval|bigint|integer|timestamp with time zone)\b(\[\])?", "", type_or_signature)
    return text.replace("timestamp with time zone", "timestamptz").replace("inventory_core.", "")


def signatures(database):
    rows = database.execute(
        "SELECT proname, prokind, pg_get_function_arguments(oid), pg_get_function_result(oid) FROM pg_proc "
        f"WHERE pronamespace = {NAMESPACE} AND proname !~ '^_'")
    return {name: f"CALL {name}({short(arguments).replace('IN ', '')})" if kind == "p"
            else f"{name}({short(arguments)}) → {short(result)}" for name, kind, arguments, result in rows}


def columns(database):
    """Of each view, and of the one type: name, type, comment."""
    found = {}
    for relation, *column in database.execute(
            "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum) "
            "FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 "
            f"WHERE c.relnamespace = {NAMESPACE} AND c.relkind IN ('v', 'c') ORDER BY c.relname, a.attnum"):
        found.setdefault(relation, []).append((column[0], short(column[1]), column[2]))
    return found


def shown_signatures(page):
    return {name: " ".join(re.search(r"^```\n(.*?)^```$", text, re.M | re.S)[1].split()) for name, text in sections(page).items()}


def shown_columns(page):
    """Tables of three columns; those without a type are no columns of a view."""
    shown = {name: [(column, type_.strip(), comment.strip()) for column, type_, comment
                    in re.findall(r"^\| `(\w+)` \|([^|`]+)\|([^|]*)\|$", text, re.M)] for name, text in sections(page).items()}
    return {name: rows for name, rows in shown.items() if rows}


def settings(database):
    database.execute("SELECT inventory_core.redact('')")        # loads the library
    return {name: value for name, value in database.execute(
        "SELECT name, CASE WHEN boot_val <> '' THEN current_setting(name) ELSE '' END FROM pg_settings "
        "WHERE name LIKE 'inventory\\_core.%'")}


def shown_settings(page):
    return {name: value.strip(" `") for name, value in re.findall(r"^\| `(inventory_core\.\w+)` \| ([^|]*)\|", page, re.M)}


def test_every_function_with_its_signature(database):
    assert shown_signatures(REFERENCE) == signatures(database)


def test_every_column_of_every_view_with_its_comment(database):
    assert shown_columns(REFERENCE) == columns(database)


def test_every_setting_with_its_default(database):
    assert shown_settings(REFERENCE) == settings(database)


def listed(contents):
    """Page -> what the table of contents says is on it."""
    return {page: set(re.findall(r"`(\w+)`", names))
            for page, names in re.findall(r"^\| \[[\w ]+\]\(reference/(\w+)\.md\) \| (.*) \|$", contents, re.M)}


def test_the_contents_name_every_function_and_its_page():
    on_page = {page.stem: set(sections(page.read_text("utf-8"))) for page in (ROOT / "docs" / "reference").glob("*.md")}
    assert listed(CONTENTS) == on_page


def test_every_function_has_an_example(database):
    """One that calls it, or reads the view."""
    assert [name for name, text in sections(REFERENCE).items()
            if not re.search(rf"inventory_core\.{name}\b", "".join(re.findall(r"^```sql\n(.*?)^```$", text, re.M | re.S)))] == []


def test_the_readme_names_every_function(database):
    brief = re.search(r"^## The functions in brief$(.*?)^## ", (ROOT / "README.md").read_text("utf-8"), re.M | re.S)[1]
    assert set(re.findall(r"`(?:CALL )?(\w+)(?:\(\))?`", brief)) - {"inventory_core"} == set(signatures(database))


def test_every_error_code(database):
    [known] = database.execute("SELECT inventory_core_internal._error_codes()").fetchone()
    table = re.search(r"^## Error codes of runs$(.*?)^## ", ERRORS, re.M | re.S)[1]
    shown = re.findall(r"^\| `(\w+)` \|", table, re.M)
    assert sorted(shown) == sorted(known)
    for code, statuses in re.findall(r"^\| `(\w+)` \| ([\d, ]+) \|", table, re.M):
        for status in statuses.split(","):
            assert database.execute("SELECT inventory_core.error_code_for(%s)", [int(status)]).fetchone() == (code,)


def test_every_status_worth_a_retry(database):
    text = re.search(r"is true for (.*?),\s+and false", ERRORS, re.S)[1]
    shown = {status for first, last in re.findall(r"(\d{3})(?: to (\d{3}))?", text)
             for status in range(int(first), int(last or first) + 1)}
    assert shown == {status for (status,) in database.execute(
        "SELECT s FROM generate_series(-1, 1000) AS s WHERE inventory_core.is_retryable(s)")}


def test_every_sqlstate_of_ours(database):
    """Those that the functions raise by name, and those that the library does."""
    named = {name for (source,) in database.execute("SELECT prosrc FROM pg_proc WHERE pronamespace IN "
                                                           "('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace)")
             for name in re.findall(r"ERRCODE = '(\w+)'", source)}
    report = (ROOT / "src" / "api" / "report.rs").read_text("utf-8")
    named |= {name.removeprefix("ERRCODE_").lower() for name in re.findall(r"ERRCODE_\w+", report)}
    states = {psycopg.errors.lookup(state).__name__ for state in re.findall(r"^\| `(\w{5})` \|", ERRORS, re.M)}
    # a mistake of ours: nothing to document
    internal = {"internal_error"}
    assert {name.title().replace("_", "") for name in named - internal} == states


def first_column(text):
    """The words in backquotes at the start of the rows of all tables."""
    return {word for cell in re.findall(r"^\| (`[^|]*) \|", text, re.M) for word in re.findall(r"`(\w+)`", cell)}


def source(database, name):
    [text] = database.execute("SELECT string_agg(prosrc, ' ') FROM pg_proc WHERE proname = %s AND pronamespace IN "
                              "('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace)", [name]).fetchone()
    return text


def verdicts(database):
    return set(re.findall(r"(?:THEN|ELSE) '(\w+)'", source(database, "explain_missing")))


def test_every_verdict_of_explain_missing(database):
    assert first_column(sections(REFERENCE)["explain_missing"]) == verdicts(database)


def test_every_reason_of_a_refused_start(database):
    told = set(re.findall(r"reason := (?:CASE WHEN [^;]* THEN )?'(\w+)'", source(database, "start_run")))
    assert first_column(sections(REFERENCE)["start_run"]) == told


def test_every_reason_of_a_missing_item(database):
    of_runs = re.search(r"unnest\(ARRAY\[([^]]*)\]", source(database, "_selection_confidence"))[1]
    told = set(re.findall(r"'(\w+)'", of_runs)) | {"seen_elsewhere", "removed"}
    table = re.search(r"^\| reason \| means \| what to do \|$(.*?)^$", MISSING, re.M | re.S)[1]
    assert first_column(table) == told


# --- and these tests could fail

def test_a_function_on_another_page_is_caught():
    old, new = "`type_counts`", "`type_count`"
    assert old in CONTENTS and listed(CONTENTS.replace(old, new)) != listed(CONTENTS)


@pytest.mark.parametrize("old, new", [
    ("heartbeat(tenant text, run_id uuid)", "heartbeat(tenant text)"), ("## heartbeat\n", "## heart_beat\n"),
    ("→ timestamptz", "→ timestamp"), ("## heartbeat\n", "## nothing\n```\nnothing() → void\n```\n\n## heartbeat\n")])
def test_a_wrong_signature_is_caught(database, old, new):
    assert old in REFERENCE and shown_signatures(REFERENCE.replace(old, new, 1)) != signatures(database)


@pytest.mark.parametrize("old, new", [
    ("| `fraction` | double precision |", "| `fraction` | real |"), ("| `elapsed` |", "| `lapsed` |"),
    ("Its name in the API", "Its name"), ("| `elapsed` |", "| `nothing` | text | |\n| `elapsed` |")])
def test_a_wrong_column_is_caught(database, old, new):
    assert old in REFERENCE and shown_columns(REFERENCE.replace(old, new, 1)) != columns(database)


def test_a_verdict_left_out_is_caught(database):
    assert first_column(sections(REFERENCE.replace("| `not_covered` |", "| |"))["explain_missing"]) != verdicts(database)


@pytest.mark.parametrize("old, new", [("| `15min` |", "| `15s` |"), ("| `inventory_core.clock` |", "| `inventory_core.watch` |")])
def test_a_wrong_setting_is_caught(database, old, new):
    assert old in REFERENCE and shown_settings(REFERENCE.replace(old, new, 1)) != settings(database)
