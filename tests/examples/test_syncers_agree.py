"""Every syncer goes through the same weeks of an API's life, directly and through PgBouncer: all leave the same tables behind."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

import inventory
from syncers import LANGUAGES, sync
from upstream import always, answer, hang_up, short_list, throttle

# What the label of the selection looks like does not matter, only what it says.
SELECTION = '{"status": ["held", "installed"], "source": "debian", "max_size": 1000000, "label": "R&D <größte/kleinste>"}'


def weeks(listing, packages):
    """A step each: what the API does, then the exit status that the syncer must have."""
    listing.plan(page1=[throttle(429, "seconds")], page2=[throttle(503, "imf"), throttle(503)], page3=[throttle(429, "rfc850")],
                 page4=[hang_up, throttle(429, "asctime")], page5=[answer(500, "oops")])
    yield 0
    listing.packages = [*packages[3:], {**packages[0], "id": "zzz-new"}]
    listing.packages[10] = {**listing.packages[10], "version": "1:2.3"}
    listing.plan()
    yield 0
    listing.plan(page4=always(answer(503, "down, token=hunter2hunter2hunter2")))
    yield 1
    listing.plan(page3=[short_list])
    yield 0


def live(language, route, port, database, api, packages):
    """All weeks in the life of one tenant: what was printed and what the tables say."""
    tenant = f"{language} {route}"
    listing = api.list(tenant.replace(" ", "-"), packages)
    printed = []
    for status in weeks(listing, packages):
        inventory.wait_while_cooling_down(database, tenant)
        code, out, err = sync(language, database, port, api.url(tenant.replace(" ", "-")), tenant)
        assert code == status, f"{tenant}: {out}{err}"
        printed.append(re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "RUN", out))
    assert listing.too_early == []
    return {"printed": printed, **inventory.everything(database, tenant)}


@pytest.fixture(scope="module")
def lives(database, api, packages, cluster_port, pooled_port):
    """Futures, all done: the syncers run side by side, for most of the time they wait as the API asks."""
    with ThreadPoolExecutor(8) as pool:
        return {(language, route): pool.submit(live, language, route, port, database, api, packages)
                for language in LANGUAGES for route, port in (("directly", cluster_port), ("pooled", pooled_port))}


def test_as_it_should_be(lives, database, packages):
    """The first life is right; that the others are equal is the next test."""
    life = lives["python", "directly"].result()
    hash_ = inventory.ask(database, "SELECT inventory_core.selection_hash(%s::jsonb) AS hash", SELECTION)[0]["hash"]
    run = {"selection_hash": hash_, "status": "success", "had_errors": False, "error_codes": [], "expected_items": 238,
           "inserted_count": 0, "updated_count": 0}
    assert life["runs"] == [
        {**run, "run_seq": 1, "observed_count": 240, "inserted_count": 240, "unchanged_count": 0, "expected_items": 240},
        {**run, "run_seq": 2, "observed_count": 238, "inserted_count": 1, "updated_count": 1, "unchanged_count": 236},
        {**run, "run_seq": 3, "observed_count": 150, "unchanged_count": 150, "status": "partial", "had_errors": True,
         "error_codes": ["service_unavailable"]},
        {**run, "run_seq": 4, "observed_count": 125, "unchanged_count": 125, "had_errors": True,
         "error_codes": ["short_of_expected", "shrink_guard"]},
    ]
    # the guard looks at each type by itself: two sections of the packages shrank
    assert list(dict.fromkeys((e["run_seq"], e["error_code"], e["http_status"]) for e in life["errors"])) == [
        (3, "service_unavailable", 503), (4, "short_of_expected", None), (4, "shrink_guard", None)]
    gone = {p["id"] for p in packages[:3]}
    assert {item["external_id"] for item in life["missing from the last success"]} == gone
    assert len(life["missing"]) == 241 - 125
    assert {item["confidence"] for item in life["missing"]} == {"low"}
    assert len(life["items"]) == 241
    item = next(item for item in life["items"] if item["external_id"] == packages[5]["id"])
    assert item["display_name"] == packages[5]["summary"] and packages[5]["version"] in item["meta"]
    assert life["printed"][2] == "".join(f"{line}\n" for line in [
        f"run RUN of selection {hash_}",
        *(f"page {n}: 50 observed, 0 new, 0 changed, 0 rejected; {n * 50} of 238" for n in (1, 2, 3)),
        "partial: 150 observed, errors: [service_unavailable]",
        "missing: 91 of 241 known, confidence: low, run_partial, run_had_errors",
        *(f"  {item['policy_type']} {item['external_id']}, missed runs: {2 if item['external_id'] in gone else 1}"
          for item in [i for i in life["items"] if i["external_id"] in not_in_150(packages)][:10]),
    ])


def not_in_150(packages):
    return {p["id"] for p in [*packages[:3], *packages[153:], {**packages[0], "id": "zzz-new"}]}


@pytest.mark.parametrize("route", ["directly", "pooled"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_same_tables(lives, language, route):
    expected, life = lives["python", "directly"].result(), lives[language, route].result()
    for what in expected:
        assert life[what] == expected[what], what


def test_no_secret_is_stored(lives, database):
    for language, route in lives:
        messages = inventory.ask(database, "SELECT message FROM inventory_core.inventory_sync_errors(%s) WHERE http_status = 503",
                                 f"{language} {route}")
        assert [("down" in m["message"], "hunter2" in m["message"]) for m in messages] == [(True, False)], (language, messages)
