"""Two plain servers, each with the same database, and tenants that are moved between them."""

import pytest

from two_servers import two_servers


@pytest.fixture(scope="session")
def servers():
    with two_servers() as pair:
        yield pair
