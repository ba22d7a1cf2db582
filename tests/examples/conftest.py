"""The cluster is the caller's (PGHOST, PGPORT, PGUSER): scripts/with-cluster makes a throw-away one."""

import os

import pytest

import inventory
import pooler
import syncers
import upstream


@pytest.fixture(scope="session")
def database():
    syncers.build()
    with inventory.database() as name:
        yield name


@pytest.fixture(scope="session")
def api():
    with upstream.upstream() as server:
        yield server


@pytest.fixture(scope="session")
def packages():
    """Few enough to be quick, of many sections."""
    return upstream.packages()[::3][:240]


@pytest.fixture(scope="session")
def cluster_port():
    return os.environ["PGPORT"]


@pytest.fixture(scope="session")
def pooled_port(database):
    with pooler.pgbouncer(database) as port:
        yield port
