"""Databases with the extension and a plain role."""

import os
from contextlib import contextmanager

import psycopg
from psycopg import sql


def prepare(connection, role, tenants, access="writer", **settings):
    """Makes the extension in the database of a superuser's connection, and a plain role that may bind the tenants."""
    connection.execute("CREATE EXTENSION IF NOT EXISTS inventory_core")
    connection.execute(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS").format(sql.Identifier(role)))
    for tenant in tenants:
        connection.execute("SELECT inventory_core.grant_access(quote_ident(%s)::regrole, %s, %s)", (role, tenant, access))
    for setting, value in settings.items():
        set_for_database(connection, setting, value)


def set_for_database(connection, setting, value):
    connection.execute(sql.SQL("ALTER DATABASE {} SET {} = {}").format(
        sql.Identifier(connection.info.dbname), sql.Identifier("inventory_core", setting), sql.Literal(value)))


@contextmanager
def shared_database(tenants, access="writer", **settings):
    """A database and a role of the same name, in the cluster of scripts/with-cluster; gives name and superuser's connection."""
    name = f"stress_{os.getpid()}"
    identifier = sql.Identifier(name)
    with psycopg.connect(autocommit=True, dbname="postgres") as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        try:
            with psycopg.connect(autocommit=True, dbname=name) as owner:
                try:
                    prepare(owner, name, tenants, access, **settings)
                    yield name, owner
                    assert deadlocks(owner) == 0
                finally:
                    owner.execute(sql.SQL("DROP OWNED BY {}").format(identifier))
        finally:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))
            admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(identifier))


def deadlocks(connection):
    return connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()[0]
