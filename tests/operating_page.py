"""The commands of docs/operating.md that a page alone cannot run: the tests that need them take them from there."""

import re
import shlex
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "operating.md"


def command(words):
    """The one line or statement among the page's console blocks that holds these words, without comment lines and `;`."""
    blocks = re.findall(r"^```console\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    code = [re.sub(r"^--.*\n", "", block, flags=re.M) for block in blocks]
    # a statement may have several lines, a command of the shell has one
    commands = [found.strip() for block in code for found in (re.split(r";\n", block) if ";\n" in block else block.splitlines())]
    found = [command for command in commands if words in command]
    assert len(found) == 1, f"{len(found)} commands in {PAGE.name} hold: {words}"
    return found[0]


def shell_command(words, **names):
    """(words, environment) of a command of the shell; what the page calls `mydb` and the like goes by `names`."""
    parts = shlex.split(command(words))
    environment = dict(part.split("=", 1) for part in parts if re.match(r"[A-Z]+=", part))
    return [names.get(part, part) for part in parts if not re.match(r"[A-Z]+=", part)], environment
