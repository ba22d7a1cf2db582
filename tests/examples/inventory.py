"""A database with the extension and a plain role in the cluster of scripts/with-cluster, and what its tables say of a tenant."""

import os
import time
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.rows import dict_row


@contextmanager
def database(purpose="examples"):
    """Its name, which is that of the role too."""
    name = f"{purpose}_{os.getpid()}"
    identifier = sql.Identifier(name)
    with psycopg.connect(autocommit=True, dbname="postgres") as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS").format(identifier))
        try:
            with psycopg.connect(autocommit=True, dbname=name) as owner:
                owner.execute("CREATE EXTENSION inventory_core")
                owner.execute("SELECT inventory_core.grant_access(%s::regrole, '*', 'writer')", (name,))
                owner.execute("SELECT inventory_core.allow_meta('*', 'version', 'installed_size')")
                for setting, value in {"retry_base": "20ms", "max_running_runs": "-1"}.items():
                    owner.execute(sql.SQL("ALTER DATABASE {} SET {} = {}").format(
                        identifier, sql.Identifier("inventory_core", setting), sql.Literal(value)))
            yield name
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))
            admin.execute(sql.SQL("DROP ROLE {}").format(identifier))


@contextmanager
def clock(name, at):
    """For a while, the time that new sessions of the plain role take for now."""
    setting = sql.SQL("ALTER ROLE {0} IN DATABASE {0} {1}")
    with psycopg.connect(autocommit=True, dbname=name) as owner:
        owner.execute(setting.format(sql.Identifier(name), sql.SQL("SET inventory_core.clock = {}").format(sql.Literal(at))))
        try:
            yield
        finally:
            owner.execute(setting.format(sql.Identifier(name), sql.SQL("RESET inventory_core.clock")))


def ask(name, statement, *args):
    """Rows as dictionaries, asked as the plain role."""
    with psycopg.connect(autocommit=True, dbname=name, user=name, row_factory=dict_row) as connection:
        return connection.execute(statement, args).fetchall()


def wait_while_cooling_down(name, tenant):
    """A start is refused as long as an API cools down."""
    while wait := ask(name, "SELECT extract(epoch FROM inventory_core.cooling_down(%s))::float8 AS wait", tenant)[0]["wait"]:
        time.sleep(wait)


def items(name, tenant):
    return ask(name, "SELECT policy_type, external_id, display_name, meta::text FROM inventory_core.inventory_items(%s) "
                     'ORDER BY policy_type COLLATE "C", external_id COLLATE "C"', tenant)


def runs(name, tenant):
    return ask(name, "SELECT run_seq, selection_hash, status, had_errors, error_codes, observed_count, inserted_count, "
                     "updated_count, unchanged_count, expected_items "
                     "FROM inventory_core.inventory_sync_runs(%s) ORDER BY run_seq", tenant)


def errors(name, tenant):
    """All but the message, which every language words in its own way."""
    return ask(name, "SELECT r.run_seq, e.error_code, e.upstream_code, e.http_status, e.policy_type "
                     "FROM inventory_core.inventory_sync_errors(%s) AS e "
                     "JOIN inventory_core.inventory_sync_runs(%s) AS r USING (run_id) "
                     "ORDER BY r.run_seq, e.error_no", tenant, tenant)


def missing(name, tenant, baseline="latest"):
    return ask(name, "SELECT policy_type, external_id, missed_runs, confidence, reasons "
                     "FROM inventory_core.inventory_selections(%s) AS s, inventory_core.missing_items(%s, s.selection_hash, %s) "
                     'ORDER BY policy_type COLLATE "C", external_id COLLATE "C"', tenant, tenant, baseline)


def everything(name, tenant):
    return {"items": items(name, tenant), "runs": runs(name, tenant), "errors": errors(name, tenant),
            "missing": missing(name, tenant), "missing from the last success": missing(name, tenant, "latest_clean")}
