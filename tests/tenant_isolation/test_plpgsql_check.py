"""plpgsql_check over every function in PL/pgSQL: no finding that is not explained here.

Debian's package is for Debian's own server; scripts/setup installs it. Without it the tests are skipped.
"""

import os

import psycopg
import pytest

DATABASE = f"plpgsql_check_{os.getpid()}"
# It plans every statement. The planner evaluates a call of an IMMUTABLE function without arguments that vary, and these raise.
RAISES = "a function that only raises is evaluated while the statement is planned; at run time it is planned only where it is reached"
QUOTED = "format(%s) of a regclass or a role, whose text is quoted as an identifier where it has to be"
ALLOWED = {         # function, level, message -> why
    ("start_run", "error", "a full run is due"): RAISES,
    ("start_run", "warning extra", "unreachable code"): "it does not follow EXIT out of a labelled block",
    ("_lock_run_alone", "error", "run not found"): RAISES,
    ("_lock_run_shared", "error", "run not found"): RAISES,
    ("run_changes", "error", "run not found"): RAISES,
    ("_read_change_id", "error", "the feed cannot continue after this change"): RAISES,
    ("_forward_calls", "security", "text type variable is not sanitized"): QUOTED,
    ("_let_owner_write", "security", "text type variable is not sanitized"): QUOTED,
    ("_restore_group_privileges", "security", "text type variable is not sanitized"): QUOTED,
}
# They call functions of Citus, which is not here; tests/citus runs them.
ON_CITUS = {"_check_distribute", "_distribute_functions", "_distribute_tenants", "_on_node", "_run_on_other_nodes", "_spread_ranges"}
FINDINGS = """
SELECT DISTINCT p.proname::text, c.level, c.message
FROM pg_proc AS p
JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
CROSS JOIN LATERAL plpgsql_check_function_tb(
    p.oid, fatal_errors => false, security_warnings => true, performance_warnings => false,
    relid => CASE WHEN p.prorettype = 'trigger'::regtype THEN (SELECT min(t.tgrelid) FROM pg_trigger AS t WHERE t.tgfoid = p.oid) ELSE 0 END) AS c
WHERE p.pronamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[])
  -- an array that begins as the literal '{}'
  AND NOT coalesce(c.level = 'warning' AND c.detail ~ '^cast "text" value to "[a-z]+\\[\\]" type$', false)"""


@pytest.fixture(scope="module")
def database():
    with psycopg.connect(autocommit=True) as admin:
        if not admin.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'plpgsql_check'").fetchone()[0]:
            pytest.skip("this server comes without plpgsql_check")
        admin.execute(f"CREATE DATABASE {DATABASE}")
        try:
            with psycopg.connect(dbname=DATABASE, autocommit=True) as owner:
                owner.execute("CREATE EXTENSION inventory_core")
                owner.execute("CREATE EXTENSION plpgsql_check")
                yield owner
        finally:
            admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def test_no_finding(database):
    found = {finding for finding in database.execute(FINDINGS).fetchall() if finding[0] not in ON_CITUS}
    assert found - ALLOWED.keys() == set(), "not explained"
    assert ALLOWED.keys() - found == set(), "explained, and not found any more"


def test_a_mistake_is_found(database):
    with database.transaction(force_rollback=True):
        database.execute("CREATE FUNCTION inventory_core_internal._wrong() RETURNS void LANGUAGE plpgsql AS "
                         "$$ BEGIN UPDATE inventory_core_internal.items SET no_such_column = 1; END $$")
        assert [row for row in database.execute(FINDINGS).fetchall() if row[0] == "_wrong"]
