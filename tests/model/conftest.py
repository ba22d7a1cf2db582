"""The cluster is the caller's (PGHOST, PGPORT, PGUSER): scripts/with-cluster makes a throw-away one."""

import pytest

import database


@pytest.fixture(scope="session")
def prepared():
    with database.template() as template:
        yield template
