"""The corpus of src/redact/tests, and every way to find a secret of it again."""

import html
import json
import re
import subprocess
from pathlib import Path
from urllib.parse import quote, unquote

ROOT = Path(__file__).resolve().parents[2]
SEED = 20260305
WINDOW = 16


def messages():
    """Every shape in every frame: text, secrets, and whether names and shapes alone must find them."""
    command = ["cargo", "run", "--quiet", "--locked", "-p", "inventory_core_redact", "--example", "redact_corpus", str(SEED)]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=600).stdout
    return [json.loads(line) for line in output.splitlines()]


def in_json(c):
    return c.replace("\\", "\\\\").replace('"', '\\"')


def in_unicode(c):
    return c if c.isascii() and c.isalnum() else f"\\u{ord(c):04x}"


# How the frames write a character.
SPELLINGS = [
    lambda c: c,
    in_json,
    lambda c: in_json(in_json(c)),
    lambda c: in_json(in_json(in_json(c))),
    lambda c: c.replace("\\", "\\\\").replace("'", "\\'"),
    lambda c: c.replace("'", "''"),
    lambda c: quote(c, safe=""),
    lambda c: quote(quote(c, safe=""), safe=""),
    lambda c: html.escape(c, quote=True),
    in_unicode,
    lambda c: "".join(map(in_unicode, quote(c, safe=""))),
    lambda c: "".join(map(in_unicode, in_json(c))),
]


def windows(secret):
    """All runs of 16 characters of a secret (or the whole of a shorter one), in each spelling."""
    for spell in SPELLINGS:
        spelled = [spell(c) for c in secret]
        for at in range(max(1, len(spelled) - WINDOW + 1)):
            yield "".join(spelled[at:at + WINDOW])


class Finder:
    """Finds any of many strings in bytes, in one pass."""

    def __init__(self, strings):
        strings = {s.encode() for s in strings}
        self.head = min(map(len, strings))
        self.by_head = {}
        for string in strings:
            self.by_head.setdefault(string[:self.head], set()).add(string)
        self.run = re.compile(rb"[\x09\x0a\x0d\x20-\xff]{%d,}" % self.head)

    def hits(self, data):
        found = set()
        head, by_head = self.head, self.by_head
        for run in self.run.finditer(data):
            text = run.group()
            for at in range(len(text) - head + 1):
                for string in by_head.get(text[at:at + head], ()):
                    if text.startswith(string, at):
                        found.add(string.decode())
        return found


def unescaped(text):
    """With one layer of escaping after the other taken off: all of them together, for a detector to look at."""
    stages = [text]
    for _ in range(4):
        text = html.unescape(unquote(text))
        text = re.sub(r"\\u00([0-9a-f]{2})", lambda m: chr(int(m.group(1), 16)), text)
        text = re.sub(r"\\+([\"'])", r"\1", text)
        stages.append(text)
    return "\n".join(stages)
