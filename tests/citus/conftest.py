"""A cluster of Citus where the server has Citus, which no registry has and nothing of this repository fetches (docs/scaling.md).
Elsewhere the tests are skipped, and one line says so."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "examples"))

from cluster import cluster, has_citus


def pytest_collection_modifyitems(items):
    if not has_citus():
        for item in items:
            item.add_marker(pytest.mark.skip("this server has no Citus"))


def pytest_terminal_summary(terminalreporter):
    if not has_citus():
        terminalreporter.write_line("not run: this server has no Citus")


@pytest.fixture(scope="session")
def citus():
    with cluster() as found:
        yield found
