"""Whoever copies an example has to read it: under 120 lines in all, none of them wide."""

import pytest

from syncers import LANGUAGES, SOURCES


@pytest.mark.parametrize("language", LANGUAGES)
def test_short(language):
    lines = SOURCES[language].read_text("utf-8").splitlines()
    assert len(lines) < 120
    assert [line for line in lines if len(line) > 130] == []
