"""Runs the SQL of a Markdown page through psql and compares what comes out with what the page shows.

A fenced `sql` block directly followed by a fenced `text` or `console` block is a statement and its output. A `sql` block
without one must merely run without an error. Statements end with a `;` (or a `\\gset`) at the end of a line, one a line.
A fenced `sh` block is run by bash, with PGDATABASE and TMPDIR set, and must not fail.
"""

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w*)[ \t]*\n(.*?)^```[ \t]*$", re.M | re.S)

# psql as it behaves for a reader, whatever this machine's settings are.
PSQL = ["psql", "-X", "-q", "-P", "pager=off"]
ENV = {"PGTZ": "UTC", "PGDATESTYLE": "ISO, YMD", "PGCLIENTENCODING": "UTF8", "PGOPTIONS": "-c intervalstyle=postgres"}


class Mismatch(AssertionError):
    """The page does not tell the truth."""


@dataclass
class Block:
    line: int
    language: str
    sql: str
    expected: str | None


def blocks_of(page: str) -> list[Block]:
    fences = list(FENCE.finditer(page))
    blocks = []
    for fence, following in zip(fences, [*fences[1:], None]):
        if fence[1] not in ("sql", "sh"):
            continue
        shown = (
            following is not None
            and following[1] in ("text", "console")
            and not page[fence.end() : following.start()].strip()
        )
        blocks.append(Block(page.count("\n", 0, fence.start()) + 1, fence[1], fence[2], following[2] if shown else None))
    return blocks


# What differs on every run; then the column widths, which follow from it.
UNSTABLE = [
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?([+-]\d\d(:\d\d)?)?"), "<time>"),
    (re.compile(r"(\b\d+ days? )?-?\b\d\d:\d\d:\d\d(\.\d+)?\b"), "<interval>"),
    (re.compile(r"-{2,}"), "-"),
    (re.compile(r"[ \t]+"), " "),
]


def normalised(output: str) -> str:
    for pattern, replacement in UNSTABLE:
        output = pattern.sub(replacement, output)
    return "\n".join(line.strip() for line in output.strip().splitlines())


QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/", re.S)


def statements_of(sql: str) -> list[str]:
    """Splits a block where a line ends a statement; a psql command alone on its line is one too."""
    statements, pending = [], ""
    for line in sql.splitlines(keepends=True):
        pending += line
        code = QUOTED.sub("", pending).strip()
        if not code:
            continue
        complete = code.endswith(";") or re.search(r"\\g\w*( \S+)?$", code) or code.startswith("\\")
        if complete and not re.search(r"['\"]|\$\w*\$|/\*", code):
            statements.append(pending)
            pending = ""
    if QUOTED.sub("", pending).strip():
        raise Mismatch(f"a statement without an end:\n{pending}")
    return statements


def pooled(sql: str, role: list[str]) -> str:
    """The same block with every statement on a connection of its own, as a pooler may deal them out. An open transaction
    stays on its connection; the page's `SET ROLE` (kept in `role` from block to block) is repeated on each new one."""
    script, in_transaction = "", False
    for statement in statements_of(sql):
        code = QUOTED.sub("", statement).strip().lower()
        if not in_transaction and not code.startswith("\\"):
            script += "\\c\n" + "".join(role)
        if re.match(r"(begin|start transaction)\b", code):
            in_transaction = True
        elif re.match(r"(commit|end|rollback|abort)\b(?!.*\bto\b)", code):
            in_transaction = False
        elif re.match(r"(set role|reset role)\b", code):
            role[:] = [statement]
        elif re.match(r"\\c(onnect)?\b", code):
            role[:] = []
        script += statement
    return script


def run(page: str, database: str, *, each_on_new_connection: bool = False) -> int:
    """Runs all blocks in order in `database` and returns how many outputs were compared. Raises Mismatch."""
    with tempfile.TemporaryDirectory() as folder:
        return run_in(Path(folder), page, database, each_on_new_connection)


def run_in(folder: Path, page: str, database: str, each_on_new_connection: bool) -> int:
    blocks = blocks_of(page)
    if not any(block.expected is not None for block in blocks):
        raise Mismatch("no sql block is followed by its output: nothing would be compared")

    script, role = "", []
    for number, block in enumerate(blocks):
        # A block that shows no output must not fail: psql then ends, and the next mark is missing.
        script += f"\\set ON_ERROR_STOP {'on' if block.expected is None else 'off'}\n"
        if block.language == "sh":
            (folder / f"{number}.sh").write_text(block.sql, "utf-8")
            script += f"\\! bash -euo pipefail {folder}/{number}.sh && echo '<<end of block {number}>>'\n"
            continue
        script += pooled(block.sql, role) if each_on_new_connection else block.sql
        script += f"\n\\echo <<end of block {number}>>\n"
    psql = subprocess.run(
        [*PSQL, "-d", database],
        input=script,
        env={**os.environ, **ENV, "PGDATABASE": database, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
    )

    rest, compared = psql.stdout, 0
    for number, block in enumerate(blocks):
        actual, mark, rest = rest.partition(f"<<end of block {number}>>\n")
        if not mark:
            raise Mismatch(f"line {block.line}: the block fails:\n{block.sql}\n{actual}")
        if block.expected is None:
            continue
        compared += 1
        if normalised(actual) != normalised(block.expected):
            raise Mismatch(f"line {block.line}: {block.sql}\n--- the page shows\n{block.expected}\n--- psql prints\n{actual}")
    return compared
