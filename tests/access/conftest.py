"""The cluster is the caller's (PGHOST, PGPORT, PGUSER): scripts/with-cluster makes a throw-away one."""

import pytest

import scene


@pytest.fixture(scope="session")
def prepared():
    with scene.prepared() as template:
        yield template


@pytest.fixture
def fresh(prepared):
    with scene.copy(prepared) as copied:
        yield copied
