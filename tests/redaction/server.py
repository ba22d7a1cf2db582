"""A server of the test's own whose log says as much as README allows, with everything stored in it that is redacted."""

import sys
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql
from psycopg.types.json import Json, Jsonb

sys.path.append(str(Path(__file__).resolve().parents[1] / "stress"))
from own_server import OwnServer, has_contrib  # noqa: E402  (the folder is not a package)
from stress_server import prepare  # noqa: E402

# With bound parameters, these are all that README asks for; statements themselves may be logged.
LOG_SETTINGS = """
log_statement = all
log_min_duration_statement = 0
log_min_error_statement = error
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_error_verbosity = terse
"""
# Nothing of the write-ahead log is gone before it is searched.
WAL_SETTINGS = "wal_keep_size = 4GB\n"
# It writes texts of statements to a file, too.
STATEMENTS = """
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.track = all
"""
TENANT = "redaction"
ROLE = "redaction_writer"
# Compressed values would hide from a search; they would hold the same secrets.
UNCOMPRESSED = [("sync_errors", "message"), ("sync_errors", "upstream_code"), ("sync_runs", "correlation_id"),
                ("items", "meta"), ("items", "external_id"), ("items", "display_name")]


@contextmanager
def server():
    own = OwnServer()
    try:
        with open(own.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write(LOG_SETTINGS + WAL_SETTINGS + (STATEMENTS if has_contrib("pg_stat_statements") else ""))
        own.start()
        with own.connect() as admin:
            prepare(admin, ROLE, [TENANT])
            if has_contrib("pg_stat_statements"):
                admin.execute("CREATE EXTENSION pg_stat_statements")
            admin.execute("SELECT inventory_core.allow_meta('note', 'text', 'list')")
            for table, column in UNCOMPRESSED:
                admin.execute(sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET STORAGE EXTERNAL").format(
                    sql.Identifier("inventory_core_internal", table), sql.Identifier(column)))
        yield own
    finally:
        own.destroy()


def start(writer, name, correlation_id=None):
    row = writer.execute("SELECT run_id FROM inventory_core.start_run(%s, %s, %s)",
                         (TENANT, Jsonb({"name": name}), correlation_id)).fetchone()
    return row[0]


def finish(writer, run):
    writer.execute("SELECT inventory_core.finish_run(%s, %s, 'partial')", (TENANT, run))


def errors_are_recorded(writer, run, texts):
    """As a message, and as a code that is none of ours."""
    with writer.transaction():
        for text in texts:
            writer.execute("SELECT inventory_core.record_error(%s, %s, %s, %s, 401)", (TENANT, run, text, text))


def tables_are_written(writer, run, texts, labels):
    """By a writer who goes around the functions: the guard triggers. A writer may not update errors."""
    with writer.transaction():
        writer.execute("SELECT inventory_core.set_tenant(%s)", (TENANT,))
        for number, text in enumerate(texts, start=1_000_000):
            writer.execute("INSERT INTO inventory_core_internal.sync_errors (tenant_id, run_id, error_no, error_code, upstream_code,"
                           " message, recorded_at) VALUES (%s, %s, %s, 'network', %s, %s, now())",
                           (TENANT, run, number, text, text))
        for label in labels:
            writer.execute("UPDATE inventory_core_internal.sync_runs SET correlation_id = %s WHERE tenant_id = %s AND run_id = %s",
                           (label, TENANT, run))
            writer.execute("UPDATE inventory_core_internal.items SET meta = %s WHERE tenant_id = %s AND item_id = 1",
                           (Json({"text": label, "list": [{"in": [label]}]}), TENANT))


def items_are_observed(writer, run, labels):
    """As a string of meta, by itself and deeper; then changed, so that the update is searched too."""
    for suffix in ("", "!"):
        items = [{"policy_type": "note", "external_id": str(number),
                  "meta": {"text": label + suffix, "list": [{"in": [label]}], "dropped": label}}
                 for number, label in enumerate(labels)]
        writer.execute("SELECT inventory_core.upsert_items(%s, %s, %s)", (TENANT, run, Json(items)))
