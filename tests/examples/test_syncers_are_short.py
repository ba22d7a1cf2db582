"""Whoever copies an example has to read it: under 120 lines of code, none of them wide.

Comments, blank lines and imports do not count.
"""

import re

import pytest

from syncers import LANGUAGES, SOURCES

NO_CODE = re.compile(r"""\s*($|\#|//|/\*\*|[*]/|\"\"\"
                         |import\b|from\ \S+\ import|use\b|require\b|package\b|(_\ )?"[\w./]+"$)""", re.VERBOSE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_short(language):
    lines = SOURCES[language].read_text("utf-8").splitlines()
    assert sum(1 for line in lines if not NO_CODE.match(line)) < 120
    assert [line for line in lines if len(line) > 130] == []
