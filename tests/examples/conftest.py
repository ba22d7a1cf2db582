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
    """240: few enough to be quick, of many sections. Where fewer are installed, some come again under another name."""
    installed = upstream.packages()
    spread = installed[::max(1, len(installed) // 240)]
    again = [{**package, "id": f"{package['id']}~{turn}"} for turn in range(1, 240 // len(spread) + 1) for package in spread]
    return sorted((spread + again)[:240], key=lambda package: package["id"])


@pytest.fixture(scope="session")
def cluster_port():
    return os.environ["PGPORT"]


@pytest.fixture(scope="session")
def pooled_port(database):
    with pooler.pgbouncer(database) as port:
        yield port
