"""The examples of several regions: what one region cannot tell takes nothing from the answer of the others."""

import subprocess
import sys

import pytest

import inventory
from syncers import EXAMPLES, PATIENCE, environment
from upstream import always, answer, hang_up

COMMANDS = {"python": [sys.executable, "-B", EXAMPLES / "python" / "regions.py"], "nodejs": ["node", EXAMPLES / "nodejs" / "regions.js"]}


@pytest.fixture(scope="module")
def place():
    with inventory.database("regions") as name:
        yield name


@pytest.fixture(params=COMMANDS)
def sync(request, place, api, packages, cluster_port):
    """Syncs two regions of 60 items, with what is to happen at the pages of the second; gives status and output."""
    tenant = f"{request.param} {request.node.name}"[:255]
    eu, us = (api.list(f"{request.node.name}-{region}".replace("[", "-").replace("]", ""), packages[start:start + 60])
              for region, start in (("eu", 0), ("us", 60)))
    names = [name for name, listing in api.listings.items() if listing in (eu, us)]

    def sync(eu_items=60, **us_pages):
        eu.packages = packages[:eu_items]
        us.plan(**us_pages)
        env = environment(place, cluster_port, "", tenant, REGIONS=f"eu={api.url(names[0])} us={api.url(names[1])}")
        done = subprocess.run(COMMANDS[request.param], env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
        return done.returncode, done.stdout.splitlines(), done.stderr
    return sync


@pytest.mark.parametrize("failing, told", [({"page1": always(answer(503, "down"))}, "failed"), ({"page2": always(hang_up)}, "partial"),
                                           ({"page2": [answer(200, "no JSON")]}, "partial")])
def test_a_region_that_fails(sync, failing, told):
    assert sync() == (0, ["eu: success, 60 known, 0 missing, confidence high", "us: success, 60 known, 0 missing, confidence high"], "")
    # the other region loses two items, and is believed
    assert sync(58, **failing) == (1, ["eu: success, 60 known, 2 missing, confidence high", f"us: {told}, 60 known, 0 missing, confidence low"], "")
    assert sync()[0] == 0


@pytest.mark.parametrize("file", [command[-1] for command in COMMANDS.values()])
def test_short(file):
    lines = file.read_text("utf-8").splitlines()
    assert len(lines) < 80 and [line for line in lines if len(line) > 130] == []
