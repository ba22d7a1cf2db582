"""A cluster of Citus where the server has Citus; elsewhere one line says that these tests are not run."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "examples"))

from cluster import cluster, has_citus

if not has_citus():
    collect_ignore_glob = ["test_on_citus*"]


@pytest.fixture(scope="session")
def citus():
    with cluster() as found:
        yield found
