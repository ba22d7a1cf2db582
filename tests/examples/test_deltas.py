"""The examples of delta queries: what the API says of changes is enough, and where it is not, a full list takes its place."""

import re
import subprocess
import sys

import pytest

import inventory
from syncers import BUILT, EXAMPLES, PATIENCE, environment
from upstream import always, answer, hang_up

SOURCES = {"python": EXAMPLES / "python/delta.py", "go": EXAMPLES / "go/delta/delta.go"}
COMMANDS = {"python": [sys.executable, "-B", SOURCES["python"]], "go": [BUILT / "delta-go"]}
RUNS = """
SELECT mode, status, observed_count AS observed, removed_count AS removed, error_codes AS errors
FROM inventory_core.inventory_sync_runs(%s) ORDER BY run_seq"""
PRESENT = """
SELECT p.external_id, p.display_name
FROM inventory_core.inventory_selections(%s) AS s, inventory_core.present_items(%s, s.selection_hash) AS p"""


class Place:
    """A listing of 60 packages in pages of 20, and the syncer of one language."""

    def __init__(self, language, name, database, api, packages, port):
        self.language, self.tenant, self.database, self.api, self.port = language, name, database, api, port
        self.packages = packages
        self.listing = api.list(name, packages[:60], page_size=20)

    def sync(self, **settings):
        env = environment(self.database, self.port, self.api.url(self.tenant), self.tenant, **settings)
        done = subprocess.run(COMMANDS[self.language], env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()

    def agrees(self):
        """The inventory has what the API has."""
        present = inventory.ask(self.database, PRESENT, self.tenant, self.tenant)
        there = {(item["external_id"], item["display_name"]) for item in present}
        return there == {(package["id"], package["summary"]) for package in self.listing.packages}


@pytest.fixture(params=COMMANDS)
def place(request, database, api, packages, cluster_port):
    name = re.sub(r"\W+", "-", request.node.name).strip("-")
    made = Place(request.param, name, database, api, packages, cluster_port)
    assert made.sync() == (0, ["full: success, 60 observed, 0 removed"]) and made.agrees()
    return made


def change(place):
    """50 packages come, one is changed, two go: three pages of changes."""
    place.listing.change({**place.packages[0], "summary": "changed"}, *place.packages[60:110],
                         remove=[package["id"] for package in place.packages[1:3]])


def errors_of_latest_run(place):
    return inventory.ask(place.database, RUNS, place.tenant)[-1]["errors"]


def test_changes_only(place):
    change(place)
    place.listing.plan()
    assert place.sync() == (0, ["delta: success, 51 observed, 2 removed"]) and place.agrees()
    assert [page for _, page, _ in place.listing.requests] == [1, 2, 3]
    missing = inventory.missing(place.database, place.tenant)
    assert {item["external_id"] for item in missing} == {package["id"] for package in place.packages[1:3]}
    assert {(item["confidence"], *item["reasons"]) for item in missing} == {("high", "removed")}
    assert place.sync() == (0, ["delta: success, 0 observed, 0 removed"]), "the token of the delta run counts"
    place.listing.change(place.packages[1])         # is back
    assert place.sync() == (0, ["delta: success, 1 observed, 0 removed"]) and place.agrees()


def test_a_token_that_is_too_old(place):
    change(place)
    place.listing.forget_tokens()
    # two of 60 are gone, which the full list says by not naming them
    assert place.sync() == (0, ["delta: failed, 0 observed, 0 removed", "full: success, 108 observed, 0 removed"]) and place.agrees()
    assert [(run["mode"], run["status"], run["errors"]) for run in inventory.ask(place.database, RUNS, place.tenant)[1:]] == [
        ("delta", "failed", []), ("full", "success", [])]
    assert place.sync() == (0, ["delta: success, 0 observed, 0 removed"]), "the fresh token counts"


@pytest.mark.parametrize("happens, error", [
    (answer(503, "down"), "service_unavailable"), (hang_up, "network"), (answer(200, "no JSON"), "parse_error")],
    ids=["refused", "no answer", "no JSON"])
def test_a_delta_that_fails_is_repeated(place, happens, error):
    change(place)
    place.listing.plan(page2=always(happens))
    code, (line,) = place.sync()
    assert code == 1 and line.startswith("delta: partial, ")
    assert errors_of_latest_run(place) == [error]
    place.listing.plan()
    assert place.sync() == (0, ["delta: success, 51 observed, 2 removed"]) and place.agrees()


def test_a_full_list_finds_what_deltas_lost(place):
    place.listing.packages = place.packages[1:62]           # without a word
    assert place.sync() == (0, ["delta: success, 0 observed, 0 removed"]) and not place.agrees()
    assert place.sync(MODE="full") == (0, ["full: success, 61 observed, 0 removed"]) and place.agrees()


def test_without_an_api(place):
    place.listing.plan(page1=always(hang_up))
    assert place.sync(MODE="full") == (1, ["full: failed, 0 observed, 0 removed"])
    assert place.sync() == (1, ["delta: failed, 0 observed, 0 removed"])
    place.listing.plan()
    assert place.sync() == (0, ["delta: success, 0 observed, 0 removed"]) and place.agrees()


@pytest.mark.parametrize("language", SOURCES)
def test_short(language):
    lines = SOURCES[language].read_text("utf-8").splitlines()
    assert len(lines) < 120 and [line for line in lines if len(line) > 130] == []
