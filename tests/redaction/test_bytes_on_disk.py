"""No byte of a secret reaches a file of the server: tables, write-ahead log, statistics, server log; and no error that
we raise says one. Everything is given as bound parameters to a server whose log says as much as README allows."""

import json

import psycopg
import pytest
from psycopg.types.json import Json

import corpus
import server
from detector import detect

# What the search must find: these are put where no redaction is.
IN_A_TABLE = "Kq7Zr2Xv9LmP4tWs8YbN3cDf6GhJ1aEe"
IN_THE_LOG = "Vb5Nm8Qw2Er7Ty4Ui1Op6As3Df9Gh0Jk"
# What is not JSON is refused before we see it, with a piece of it; README says how to keep that from the log.
POSTGRESQLS_OWN = "not JSON"
TABLES = ["sync_errors", "sync_runs", "items", "selections", "run_parts", "cooldowns", "tenants"]


@pytest.fixture(scope="module")
def messages():
    return corpus.messages()


def failing_statements(run):
    """What callers get wrong, with a message among the parameters."""
    nowhere = "00000000-0000-4000-8000-000000000000"

    def bad_item(**item):
        return lambda text: ("SELECT inventory_core.upsert_items(%s, %s, %s)",
                             (server.TENANT, run, Json([{"policy_type": "note", "external_id": "1"}
                                                        | {key: value(text) for key, value in item.items()}])))

    return {
        "unknown run": lambda text: ("SELECT inventory_core.record_error(%s, %s, %s, %s)", (server.TENANT, nowhere, text, text)),
        "not granted": lambda text: ("SELECT inventory_core.record_error('another', %s, %s, %s)", (run, text, text)),
        "a policy type": bad_item(policy_type=lambda text: text * 20),
        "an external id": bad_item(external_id=lambda text: [text]),
        "a display name": bad_item(display_name=lambda text: {"a": text}),
        "meta of the wrong type": bad_item(meta=lambda text: text),
        "meta too long": bad_item(meta=lambda text: {"text": text * 2000}),
        "an unknown field": bad_item(message=lambda text: text),
        POSTGRESQLS_OWN: lambda text: ("SELECT inventory_core.upsert_items(%s, %s, %s)",
                                       (server.TENANT, run, json.dumps([text]) + " oops")),
        "a NUL in meta": bad_item(meta=lambda text: {"text": text + "\0"}),
        "a label too long for its column": lambda text: (
            "SELECT inventory_core.start_run(%s, %s, %s, lease => '-1 s')", (server.TENANT, Json({"name": "bad"}), text)),
    }


def fail(writer, statements, texts):
    """Gives what the client is told."""
    told = []
    for name, statement in statements.items():
        for text in texts:
            with pytest.raises(psycopg.Error) as error:
                writer.execute(*statement(text))
            diag = error.value.diag
            told.append((name, " ".join(filter(None, (diag.message_primary, diag.message_detail, diag.message_hint, diag.context)))))
    return told


@pytest.fixture(scope="module")
def stored(messages):
    """The stopped server's folder with everything in it, what clients were told, and a dump of the tables."""
    texts = [m["text"] for m in messages]
    labels = [m["text"] for m in messages if m["known"]]
    # One of each shape, so that each also comes in by start_run and in an error.
    one_each = list({m["shape"]: m["text"] for m in messages if m["known"]}.values())
    with server.server() as own:
        with own.connect(user=server.ROLE) as writer:
            run = server.start(writer, "all")
            server.errors_are_recorded(writer, run, texts)
            server.items_are_observed(writer, run, labels)
            told = fail(writer, failing_statements(run), one_each)
            for label in one_each:
                server.finish(writer, server.start(writer, "labels", label))
            open_run = server.start(writer, "direct")
            server.tables_are_written(writer, open_run, texts, labels)
            server.finish(writer, run)
        with own.connect() as admin:
            dump = "\n".join(row for table in TABLES for row in copied(admin, table))
            counted = admin.execute("SELECT sum(redacted_values) FROM inventory_core_internal.sync_runs").fetchone()[0]
            admin.execute("CREATE TABLE planted (text text)")
            for _ in range(3):      # the border of two pages of the write-ahead log may go through one of them
                admin.execute("INSERT INTO planted VALUES (%s)", (IN_A_TABLE,))
            admin.execute(f"SELECT '{IN_THE_LOG}'")
            admin.execute("CHECKPOINT")
        own.stop("fast")
        yield own.folder, told, dump, counted


def copied(admin, table):
    with admin.cursor().copy(f"COPY inventory_core_internal.{table} TO STDOUT") as copy:
        for row in copy.rows():
            yield "\t".join(column or "" for column in row)


def files_with(folder, finder):
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            for hit in finder.hits(path.read_bytes()):
                found.setdefault(hit, set()).add(path.relative_to(folder).parts[:2])
    return found


def test_no_file_holds_a_secret(stored, messages):
    folder, *_ = stored
    secrets = {window for m in messages for secret in m["secrets"] for window in corpus.windows(secret)}
    assert len(secrets) > 100_000
    assert files_with(folder, corpus.Finder(secrets)) == {}


def test_the_search_finds_what_is_there(stored, messages):
    folder, *_ = stored
    where = files_with(folder, corpus.Finder([IN_A_TABLE, IN_THE_LOG]))
    assert {parts[:2] for parts in where[IN_A_TABLE]} >= {("data", "base"), ("data", "pg_wal")}
    assert ("server.log",) in where[IN_THE_LOG]
    # In every frame the secret is among the windows, however the frame spells it; but where a short one is broken.
    unseen = [(m["frame"], m["shape"]) for m in messages for secret in m["secrets"]
              if not corpus.Finder(corpus.windows(secret)).hits(m["text"].encode())]
    assert {frame for frame, _ in unseen} <= {"wrapped lines", "folded"} and len(unseen) < 5


def test_what_operators_need_is_stored(stored, messages):
    *_, dump, _ = stored
    words = {word for m in messages for word in m["useful"] if "\n" not in word and "\\" not in word}
    assert sum(word in dump for word in words) >= 0.97 * len(words)


def test_no_error_of_ours_echoes_a_secret(stored, messages):
    _, told, *_ = stored
    finder = corpus.Finder({window for m in messages for secret in m["secrets"] for window in corpus.windows(secret)})
    assert {name for name, _ in told} == set(failing_statements(None))
    echoed = {name: found for name, text in told if (found := finder.hits(text.encode()))}
    assert set(echoed) == {POSTGRESQLS_OWN}


def test_a_second_detector_finds_nothing_in_the_tables(stored):
    *_, dump, _ = stored
    assert [found for row in dump.splitlines() if (found := detect(corpus.unescaped(row)))] == []


def test_the_second_detector_finds_the_corpus(messages):
    found = sum(bool(detect(corpus.unescaped(m["text"]))) for m in messages)
    assert found >= 0.65 * len(messages), f"{found} of {len(messages)}"


def test_what_was_redacted_in_meta_and_labels_is_counted(stored, messages):
    *_, counted = stored
    labels = [m for m in messages if m["known"]]
    shapes = {m["shape"] for m in labels}
    # Each label twice in an item's meta, which is written twice, and one of each shape as a correlation id.
    assert counted == 4 * len(labels) + len(shapes)
