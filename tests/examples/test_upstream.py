"""The upstream notices who does not do as it says: without that, the tests of the syncers' patience could not fail."""

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
