"""Servers of the tests' own: a primary with the scene of two tenants, to which scene's helpers connect by themselves."""

import pytest

import scene
from own_server import own_server


@pytest.fixture(scope="module")
def primary():
    """(server, world); nothing is written to it but by the tests."""
    with own_server(wal_level="logical") as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGHOST", str(server.folder))
        patch.setenv("PGPORT", "5432")
        with scene.prepared() as world:
            yield server, world
