"""What the pages point at is there: files, headings, and the paths that CONTRIBUTING names."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "CONTRIBUTING.md", "examples/README.md"] + sorted(
    str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md"))


def without_code(page):
    return re.sub(r"^```.*?^```", "", page, flags=re.M | re.S)


def anchors(page):
    """As GitHub makes them of the headings."""
    headings = re.findall(r"^#+ (.*)$", without_code(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(name, page):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page)):
        if re.match(r"https?:", target):
            continue
        file, _, anchor = target.partition("#")
        path = ((ROOT / name).parent / file).resolve() if file else ROOT / name
        if not path.exists() or (anchor and anchor not in anchors(path.read_text("utf-8"))):
            broken.append(target)
    return broken


def missing_paths(page):
    """Of what stands in backquotes and looks like a path of ours."""
    paths = re.findall(r"`((?:src|sql|tests|scripts|benches|docs|examples)(?:/[\w.\-]+)*|[A-Z]+\.md)`", page)
    assert len(paths) > 10
    return [path for path in paths if not (ROOT / path).exists()]


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    assert broken_links(name, (ROOT / name).read_text("utf-8")) == []


def test_contributing_names_what_exists():
    assert missing_paths((ROOT / "CONTRIBUTING.md").read_text("utf-8")) == []


def promises_without_a_test(page):
    """Of the table of the security model: what its second column names, by path or by file name, and is not there."""
    table = re.search(r"^\| promise \| test \|$(.*?)^$", page, re.M | re.S)[1]
    names = [name for row in table.splitlines()[2:] for name in re.findall(r"`([^`]+)`", row.rsplit("|", 2)[1])]
    assert len(names) > 15
    known = {path.name for path in (ROOT / "tests").rglob("*")}
    return [name for name in names if name not in known and not (ROOT / name).exists()]


def test_each_promise_has_its_test():
    assert promises_without_a_test((ROOT / "README.md").read_text("utf-8")) == []


def test_a_promise_without_a_test_is_caught():
    page = (ROOT / "README.md").read_text("utf-8").replace("`unbound_reads.sql`", "`no_reads.sql`")
    assert promises_without_a_test(page) == ["no_reads.sql"]


def test_the_readme_stays_short():
    """A front page: from nothing to the first missing_items in minutes."""
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) < 300


@pytest.mark.parametrize("link", ["docs/nowhere.md", "#no-such-heading", "docs/reference.md#no_such_function"])
def test_a_broken_link_is_caught(link):
    assert broken_links("README.md", f"[x]({link})") == [link]


def test_a_missing_path_is_caught():
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert missing_paths(page.replace("`src/server`", "`src/servers`")) == ["src/servers"]
