"""The benchmark runs from end to end, all contestants answer the same, and the report says what was measured. Never a time."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

BENCHES = Path(__file__).parents[2] / "benches"
sys.path.append(str(BENCHES))

from own_server import has_contrib              # noqa: E402
import runs                                     # noqa: E402
from figures import Figures                     # noqa: E402
from items import item, pick                    # noqa: E402
from targets import NAMES, Target, targets      # noqa: E402

SIZES = (1_000, 4_000)
NO_PGSTATTUPLE = "the benchmark counts dead rows with pgstattuple, which this server comes without"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The files of a quick run, in the server that the tests have."""
    if not has_contrib("pgstattuple"):
        pytest.skip(NO_PGSTATTUPLE)
    out = tmp_path_factory.mktemp("bench")
    ran = subprocess.run([BENCHES / "run", "--quick", "--sizes", ",".join(map(str, SIZES)), "--out", out],
                         env={**os.environ, "PYTHON": sys.executable}, capture_output=True, text=True, timeout=900)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    return out


@pytest.fixture(scope="module")
def told(results):
    return json.loads((results / "results.json").read_text("utf-8"))


def answers(told, size, question):
    """What each contestant answered, by the question's beginning: one dictionary for each time it was asked."""
    found = [entry["answers"] for entry in told["answers"] if entry["size"] == size and entry["question"].startswith(question)]
    assert found, question
    return found


def values(told, measure, size, contestant):
    return [value for entry in told["values"] for value in entry["values"]
            if (entry["measure"], entry["size"], entry["contestant"]) == (measure, size, contestant)]


@pytest.mark.parametrize("size", SIZES)
def test_all_contestants_answer_what_upstream_did(told, size):
    changed = sum(pick(number, 100) == 0 for number in range(size))
    vanished = sum(pick(number, 10) == 0 for number in range(size))
    assert 0 < changed < size / 50 and 0 < vanished < size / 5
    for expected, question, who in (
            (size, "new in first", NAMES), (0, "new in resync", NAMES), (0, "new in changed", NAMES),
            (0, "changed in resync", ("ours", "digest")), (changed, "changed in changed", ("ours", "digest")),
            (0, "changed in vanished", ("ours", "digest")), (vanished, "missing, batch", NAMES),
            (size // 10 if size < 10_000 else 1_000, "missing: a few", NAMES), (0, "missing: none", NAMES)):
        for answer in answers(told, size, question):
            assert answer == dict.fromkeys(who, expected), question
    [contents] = answers(told, size, "contents")
    assert set(contents) == set(NAMES)
    assert {text.split()[0] for text in contents.values()} == {str(size)}
    assert len(set(contents.values())) == 1


@pytest.mark.parametrize("size", SIZES)
def test_written_rows_are_seen(told, size):
    """What needs no clock: ours writes no row of an unchanged item, the others write all, and the harness sees it."""
    assert set(values(told, "resync.dead_items", size, "ours")) == {0}
    assert min(values(told, "resync.dead_items", size, "tuned")) > size / 2
    assert max(values(told, "resync.wal", size, "ours")) < min(values(told, "resync.wal", size, "tuned"))
    assert all(values(told, f"growth.items.{when}", size, "naive") for when in ("before", "after"))


def test_every_figure_is_a_figure(told):
    for entry in told["values"]:
        assert entry["values"] and all(math.isfinite(value) for value in entry["values"]), entry
    for size in SIZES:
        for scenario in ("first", "resync", "changed", "vanished"):
            for who in NAMES:
                assert len(values(told, f"{scenario}.us", size, who)) == 2      # one round in batches of each size
                assert min(values(told, f"{scenario}.us", size, who)) > 0


def test_the_report_tells_all_targets(results):
    page = (results / "RESULTS.md").read_text("utf-8")
    assert page.count("| not measured |") == 1      # 10,000,000 items are asked for by a flag
    for target in targets(Figures(), 5_000):
        assert f"| {target.what} |" in page
    for section in ("## Syncs", "## Growth", "## Questions", "## Ours alone", "## What history costs", "## What a run costs", "## Memory"):
        assert section in page
    columns = None
    for line in page.splitlines():
        if line.startswith("|"):
            assert columns in (None, line.count("|")), line
            columns = line.count("|")
        else:
            columns = None


def test_the_chart_shows_all_contestants(results):
    chart = ElementTree.parse(results / "results.svg").getroot()
    texts = {element.text for element in chart.iter("{http://www.w3.org/2000/svg}text")}
    assert {*NAMES, "first sync", "unchanged", "1 % changed", "10 % vanished"} <= texts
    bars = [element for element in chart.iter("{http://www.w3.org/2000/svg}rect")]
    assert len(bars) == 1 + 2 * 4 * len(NAMES) + len(NAMES)


def test_a_run_of_a_few_items_writes_little(told):
    for size in runs.SIZES:
        for who in runs.RACING:
            assert min(values(told, "runs.ms.fsync_off", size, who) + values(told, "runs.ms.fsync_on", size, who)) > 0
    [transactions] = values(told, "runs.transactions", 20, "ours")
    assert 2.5 < transactions < 3.5     # a background process of the server may take one
    assert max(values(told, "runs.wal", 200, "ours")) < min(values(told, "runs.wal", 200, "tuned")) / 10


def test_the_chart_of_runs_shows_all_sizes(results):
    chart = ElementTree.parse(results / "runs.svg").getroot()
    texts = {element.text for element in chart.iter("{http://www.w3.org/2000/svg}text")}
    assert {f"{size:,} items" for size in runs.SIZES} <= texts
    bars = [element for element in chart.iter("{http://www.w3.org/2000/svg}rect")]
    assert len(bars) == 1 + len(runs.SIZES) * len(runs.RACING)


def test_items_are_of_the_size_told():
    sizes = [len(item(number)) for number in range(1000)]
    assert 420 <= sum(sizes) / len(sizes) <= 440
    assert len(json.loads(item(7))["meta"]) == 8
    assert item(7, 1) != item(7)


# --- and the checks of the harness could fail

def test_different_answers_end_the_race():
    figures = Figures()
    figures.answer("missing", 10, "ours", 3)
    figures.answer("missing", 10, "naive", 3)
    with pytest.raises(SystemExit, match="disagree about missing"):
        figures.answer("missing", 10, "tuned", 4)


@pytest.mark.parametrize("measured, verdict", [(1.0, "met"), (1.01, "**not met**"), (None, "not measured")])
def test_a_target_is_met_or_not(measured, verdict):
    assert Target("time", 1.0, measured).verdict() == verdict


@pytest.mark.skipif(not has_contrib("pgstattuple"), reason=NO_PGSTATTUPLE)
def test_a_part_alone_writes_nothing():
    before = {path: path.stat().st_mtime_ns for path in BENCHES.iterdir()}
    ran = subprocess.run([BENCHES / "run", "--only", "resync", "--sizes", "500", "--rounds", "1", "--contestants", "ours,tuned"],
                         env={**os.environ, "PYTHON": sys.executable}, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert "unchanged re-sync" in ran.stdout
    assert before == {path: path.stat().st_mtime_ns for path in BENCHES.iterdir()}
