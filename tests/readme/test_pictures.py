"""The rows of docs/vouches.svg, each played: what it says of the two types is what latest_clean makes of a run that ends so."""

import os
import re
from pathlib import Path

import psycopg
import pytest

PICTURE = (Path(__file__).parents[2] / "docs" / "vouches.svg").read_text("utf-8")
DATABASE = f"pictures_{os.getpid()}"

# What the caller records, how the run ends, what it was started with.
RUNS = {
    "success, no error": [([], "success", {})],
    "success or partial, an error names disk": [(["disk"], "success", {}), (["disk"], "partial", {})],
    "partial, no error names a type": [([], "partial", {})],
    "an error without a type, or a guard": [([None], "success", {}), ([], "success", {"expected": 100})],
    "failed, or the lease expired": [([], "failed", {}), ([], "expired", {})],
    "started for vm only, success": [([], "success", {"policy_types": ["vm"]})],
    "a delta run": [([], "success", {"mode": "delta"})],
}


def rows(picture):
    """Row -> what it says of the virtual machines and of the disks."""
    texts = re.findall(r'<text (?:class="\w+" )?x="(\d+)" y="(\d+)"[^>]*>([^<]*)</text>', picture)
    by_row = {}
    for x, y, text in texts:
        by_row.setdefault(y, {})[x] = text
    return {row["24"]: (row["450"], row["590"]) for row in by_row.values() if {"24", "450", "590"} <= row.keys()}


@pytest.fixture(scope="module")
def database():
    with psycopg.connect(autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {DATABASE}")
        with psycopg.connect(dbname=DATABASE, autocommit=True) as owner:
            owner.execute("CREATE EXTENSION inventory_core")
            yield owner
        admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def vouched(database, tenant, errors, end, given):
    """After a clean run that saw two of each type, one that ends so and saw one of each: for which it vouches."""
    def play(items, end, cursor=None, expected=None, errors=(), **start):
        arguments = "".join(f", {name} => %({name})s" for name in start)
        [run] = database.execute(f"SELECT run_id FROM inventory_core.start_run(%(tenant)s, '{{}}', lease => %(lease)s{arguments})",
                                 {"tenant": tenant, "lease": "1 microsecond" if end == "expired" else "1 hour", **start}).fetchone()
        batch = ", ".join(f'{{"policy_type": "{kind}", "external_id": "{n}"}}' for kind in ("vm", "disk") for n in items)
        database.execute("SELECT inventory_core.upsert_items(%s, %s, %s)", (tenant, run, f"[{batch}]"))
        for kind in errors:
            database.execute("SELECT inventory_core.record_error(%s, %s, 'timeout', policy_type => %s)", (tenant, run, kind))
        if end == "expired":
            database.execute("SELECT inventory_core.reap_expired_runs(%s)", (tenant,))
        else:
            database.execute("SELECT inventory_core.finish_run(%s, %s, %s, %s, %s)", (tenant, run, end, expected, cursor))

    play([1, 2], "success", cursor="c")
    play([1], end, errors=errors, **given)
    missing = {kind for (kind,) in database.execute(
        "SELECT policy_type FROM inventory_core.missing_items(%s, inventory_core.selection_hash('{}'), 'latest_clean')", (tenant,))}
    return tuple(kind in missing for kind in ("vm", "disk"))


def test_the_picture_has_these_rows():
    assert rows(PICTURE).keys() - {"a run that ended as"} == RUNS.keys()


@pytest.mark.parametrize("row", RUNS)
def test_a_row_is_true(database, row):
    shown = tuple(word == "vouches" for word in rows(PICTURE)[row])
    for turn, run in enumerate(RUNS[row]):
        assert vouched(database, f"{row} {turn}", *run) == shown, run
