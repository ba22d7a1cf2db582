"""pgspot over the install script and the upgrade scripts: no finding that is not explained here.

pgspot comes from PyPI; scripts/setup installs it and tests/stage says where (IC_PGSPOT). It does not know two things, so
they are told or kept from it: CREATE EXTENSION runs a script with search_path = pg_catalog, pg_temp (our control
file says so), and a function with a body of BEGIN ATOMIC or RETURN looks its names up once, at that moment (pgspot
0.9 fails on one).
"""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
VERSION = re.search(r'^version = "(.+)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
PGSPOT = os.environ.get("IC_PGSPOT", "pgspot")
ALLOWED = {      # finding -> why
    "PS005: Function without explicit search_path: inventory_core.maintain(keep interval,keep_last integer)":
        "a procedure that commits can have no SET clause: it names all in full and has no operators",
    "PS005: Function without explicit search_path: inventory_core.distribute(shard_count integer)": "the same"}
# An upgrade script replaces functions. Where somebody planted one of that name, the server refuses the whole script,
# because it is no member of the extension: tests/upgrade/test_upgrade.py shows it.
REPLACED = "PS002: Unsafe function creation: "
ATOMIC = re.compile(r"^CREATE\s+(?:OR REPLACE\s+)?FUNCTION (?:(?!;$|^CREATE).)*?^(?:BEGIN ATOMIC$.*?^END;$|RETURN .*?;$)", re.MULTILINE | re.DOTALL)


def test_control_file_sets_the_path():
    assert re.search(r"^schema = pg_catalog$", (ROOT / "inventory_core.control").read_text(), re.MULTILINE)


def findings(script, folder):
    """What pgspot says of a script, and how many functions were kept from it."""
    script, atomic = ATOMIC.subn("", script.read_text())
    assert "BEGIN ATOMIC" not in script
    checked = folder / "checked.sql"
    checked.write_text("SET search_path = pg_catalog, pg_temp;\n" + script)
    report = subprocess.run([PGSPOT, str(checked)], capture_output=True, text=True, check=False)
    assert re.search(r"Errors: \d+ Warnings: \d+ Unknown: \d+ *$", report.stdout.strip()), report.stdout[-500:] + report.stderr
    found = re.findall(r"^(?:PS\d+|Unknown).*$", report.stdout, re.MULTILINE)
    return {re.sub(r" at line \d+$", "", finding) for finding in found}, atomic


def test_no_finding(tmp_path):
    found, atomic = findings(ROOT / "sql" / f"inventory_core--{VERSION}.sql", tmp_path)
    assert found == ALLOWED.keys() and atomic > 20
    for script in ROOT.glob("sql/inventory_core--*--*.sql"):
        found = {finding for finding in findings(script, tmp_path)[0] if not finding.startswith(REPLACED)}
        assert found <= ALLOWED.keys(), script.name
