"""The upstream notices who does not do as it says: without that, the tests of the syncers' patience could not fail."""

import json
import re
import urllib.error
import urllib.request

import pytest

from upstream import throttle

FORMS = {
    None: None,
    "seconds": r"1",
    "imf": r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT",
    "rfc850": r"[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT",
    "asctime": r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}",
}


@pytest.mark.parametrize("form", FORMS)
def test_impatience_is_noticed(api, packages, form):
    listing = api.list("impatient", packages)
    listing.plan(page1=[throttle(503, form)])
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(api.url("impatient"))
    retry_after = refused.value.headers["Retry-After"]
    assert retry_after is FORMS[form] or re.fullmatch(FORMS[form], retry_after)
    assert urllib.request.urlopen(api.url("impatient")).status == 200
    assert bool(listing.too_early) == (form is not None)


def test_deltas(api, packages):
    def pages(link):
        read = []
        while link:
            with urllib.request.urlopen(link) as answer:
                read.append(json.load(answer))
            link = read[-1]["next"]
        return read

    listing = api.list("deltas", packages[:10], page_size=4)
    first = json.load(urllib.request.urlopen(api.url("deltas")))
    listing.change({**packages[0], "summary": "changed"}, *packages[10:13], remove=[packages[1]["id"]])
    token = pages(first["next"])[-1]["delta"]
    listing.change(remove=[packages[12]["id"]])
    one, two = pages(token)
    assert one["items"] == [{**packages[0], "summary": "changed"}, *packages[10:12]]
    assert (two["items"], len(one["removed"])) == ([], 1), "of each package its latest change"
    assert {(gone["id"], gone["section"]) for gone in one["removed"] + two["removed"]} == {
        (package["id"], package["section"]) for package in (packages[1], packages[12])}
    assert [(page["items"], page["removed"]) for page in pages(two["delta"])] == [([], [])]
    assert [package["id"] for page in pages(api.url("deltas")) for package in page["items"]] == [
        package["id"] for package in (packages[0], *packages[2:12])]

    listing.forget_tokens()
    with pytest.raises(urllib.error.HTTPError) as too_old:
        urllib.request.urlopen(two["delta"])
    assert too_old.value.code == 410
    assert len(pages(pages(api.url("deltas"))[-1]["delta"])) == 1
