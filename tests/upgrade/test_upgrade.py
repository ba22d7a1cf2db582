"""An upgraded database is the same as a fresh one, old rows answer as before, and the new library serves the old catalogue.

For every released version; and, as nothing else would show that this test can fail, for made-up versions that drift.
"""

import re

import psycopg
import pytest

import scene
import versions
from dumps import client
from every_answer import every_answer

OLD = versions.current()

# A next version as one might come: a column, a table with its fence, an index, a function, a comment, privileges.
NEXT = """
ALTER TABLE inventory_core_internal.selections ADD COLUMN IF NOT EXISTS label text DEFAULT 'none' NOT NULL;
COMMENT ON COLUMN inventory_core_internal.selections.label IS 'What people call it';
CREATE TABLE IF NOT EXISTS inventory_core_internal.notes (
    tenant_id text COLLATE "C" NOT NULL,
    note_no   integer NOT NULL,
    CONSTRAINT notes_pkey PRIMARY KEY (tenant_id, note_no),
    CONSTRAINT notes_note_no_is_positive CHECK (note_no > 0)
) WITH (fillfactor = 50);
SELECT pg_extension_config_dump('inventory_core_internal.notes', '');
CREATE INDEX IF NOT EXISTS notes_backwards ON inventory_core_internal.notes (tenant_id, note_no DESC);
ALTER TABLE inventory_core_internal.notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON inventory_core_internal.notes USING (tenant_id = (SELECT inventory_core_internal._readable_tenant()));
CREATE POLICY tenant_rows_only ON inventory_core_internal.notes AS RESTRICTIVE
    USING ((SELECT inventory_core_internal._readable_tenant()) = tenant_id);
CREATE OR REPLACE FUNCTION inventory_core_internal._note_count(tenant text) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT count(*) FROM inventory_core_internal.notes AS n WHERE n.tenant_id = tenant);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._note_count(text) IS 'How many notes a tenant has';
REVOKE ALL ON FUNCTION inventory_core_internal._note_count(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION inventory_core_internal._note_count(text) TO inventory_core_reader;
GRANT SELECT ON inventory_core_internal.notes TO inventory_core_reader;
"""

# What an author of an upgrade script may forget or get wrong: (in NEXT, in the drifting script).
DRIFTS = {
    "default": ("DEFAULT 'none'", "DEFAULT 'nothing'"),
    "not null": ("DEFAULT 'none' NOT NULL", "DEFAULT 'none'"),
    "type": ("label text", "label varchar"),
    "collation": ('text COLLATE "C" NOT NULL', "text NOT NULL"),
    "comment on a column": ("COMMENT ON COLUMN inventory_core_internal.selections.label IS 'What people call it';", ""),
    "comment on a function": ("How many notes a tenant has", "How many notes"),
    "primary key": ("PRIMARY KEY (tenant_id, note_no)", "PRIMARY KEY (note_no, tenant_id)"),
    "check": ("CHECK (note_no > 0)", "CHECK (note_no >= 0)"),
    "storage parameter": (" WITH (fillfactor = 50)", ""),
    "not dumped": ("SELECT pg_extension_config_dump('inventory_core_internal.notes', '');", ""),
    "index": ("note_no DESC", "note_no"),
    "row-level security": (", FORCE ROW LEVEL SECURITY", ""),
    "policy": ("USING (tenant_id = (SELECT inventory_core_internal._readable_tenant()))", "USING (true)"),
    "policy for a command": ("tenant_rows ON inventory_core_internal.notes", "tenant_rows ON inventory_core_internal.notes FOR SELECT"),
    "body": ("count(*)", "count(n.note_no)"),
    "configuration": ("SET search_path = pg_catalog, pg_temp\n", ""),
    "volatility": ("plpgsql STABLE", "plpgsql VOLATILE"),
    "privilege of PUBLIC": ("REVOKE ALL ON FUNCTION inventory_core_internal._note_count(text) FROM PUBLIC;", ""),
    "privilege of a group role": ("GRANT SELECT ON inventory_core_internal.notes TO inventory_core_reader;", ""),
    "another group role": ("_note_count(text) TO inventory_core_reader", "_note_count(text) TO inventory_core_writer"),
    "a statement too much": ("COMMENT ON FUNCTION", "GRANT SELECT ON inventory_core_internal.items TO PUBLIC;\nCOMMENT ON FUNCTION"),
}


@pytest.fixture(scope="module")
def fresh_next():
    """The description of a fresh database of the made-up version; its script is there while the tests run."""
    with versions.scripts(made_up=versions.install_script() + NEXT):
        with versions.database_with("made_up") as owner:
            description = versions.described(owner)
        yield description


def upgraded(script):
    with versions.scripts(**{f"{OLD}--made_up": script}), versions.database_with(OLD) as owner:
        versions.update(owner, "made_up")
        return versions.described(owner)


def test_a_faithful_script_passes(fresh_next):
    assert versions.differences(fresh_next, upgraded(NEXT)) == []
    objects = {object.split()[0] for object, _ in fresh_next}
    assert objects == {"member", "schema", "dumped", "relation", "view", "column", "constraint", "index", "trigger", "policy",
                       "routine", "type", "group", "privileges", "comment"}


@pytest.mark.parametrize("drift", DRIFTS)
def test_a_drifting_script_is_caught(fresh_next, drift):
    right, wrong = DRIFTS[drift]
    assert NEXT.count(right) == 1
    assert versions.differences(fresh_next, upgraded(NEXT.replace(right, wrong))) != []


def test_two_fresh_databases_are_the_same():
    descriptions = []
    for _ in range(2):
        with versions.database_with(OLD) as owner:
            descriptions.append(versions.described(owner))
    assert versions.differences(*descriptions) == []


def old_rows_answer_the_same(old, new):
    """A history written into the catalogue of `old` by the library of today, then upgraded: the same answers, and work goes on."""
    with scene.prepared(old) as world, world.admin() as owner:
        before = {tenant: every_answer(owner, role, tenant) for tenant, role in world.roles.items()}
        versions.update(owner, new)
        after = {tenant: every_answer(owner, role, tenant) for tenant, role in world.roles.items()}
        for tenant in before:
            # an answer may gain columns, so only rows of today's shape are compared whole
            assert before[tenant].keys() == after[tenant].keys()
            for name in before[tenant]:
                assert after[tenant][name] == before[tenant][name], name
        with world.connect(scene.B) as app:
            run = world.runs[scene.B]["running"]
            app.execute("SELECT inventory_core.upsert_items(%s, %s, %s)", (scene.B, run, scene.items(scene.CANARY, [3, 9])))
            assert scene.value(app, "SELECT observed_count FROM inventory_core.finish_run(%s, %s)", (scene.B, run)) == 4


def test_old_rows_answer_the_same_after_a_made_up_upgrade(fresh_next):
    with versions.scripts(**{f"{OLD}--made_up": NEXT}):
        old_rows_answer_the_same(OLD, "made_up")


def test_an_upgrade_that_loses_rows_is_caught(fresh_next):
    with versions.scripts(**{f"{OLD}--made_up": NEXT + "DELETE FROM inventory_core_internal.last_seen;"}):
        with pytest.raises(AssertionError, match="inventory_items|missing_items"):
            old_rows_answer_the_same(OLD, "made_up")


def test_a_library_that_lost_a_function_is_caught():
    """CREATE EXTENSION with the old script looks up every function of the library."""
    script = versions.install_script()
    lost = re.search(r"AS 'MODULE_PATHNAME', '(\w+)'", script)[1]
    with versions.scripts(lost=script.replace(f"'{lost}'", "'lost_wrapper'")):
        with pytest.raises(psycopg.errors.UndefinedFunction), versions.database_with("lost"):
            pass


@pytest.mark.parametrize("old", versions.released())
def test_from_a_released_version(old):
    with versions.database_with(versions.current()) as owner:
        fresh = versions.described(owner)
    with versions.database_with(old) as owner:
        versions.update(owner, versions.current())
        assert versions.differences(fresh, versions.described(owner)) == []
    old_rows_answer_the_same(old, versions.current())


def test_a_planted_function_is_not_taken_over():
    """Whoever may create something in the schema could otherwise own what a superuser calls."""
    with versions.scripts(**{f"{OLD}--made_up": NEXT}), versions.database_with(OLD) as owner:
        owner.execute("CREATE FUNCTION inventory_core_internal._note_count(tenant text) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'")
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="not a member of extension"):
            versions.update(owner, "made_up")
        assert owner.execute("SELECT extversion FROM pg_extension WHERE extname = 'inventory_core'").fetchone() == (OLD,)


def goes_on(copy, before):
    """It answers the same to the same roles, and a plain role can go on."""
    with copy.admin() as owner:
        assert {tenant: every_answer(owner, role, tenant) for tenant, role in copy.roles.items()} == before
        assert scene.value(owner, "SELECT extversion FROM pg_extension WHERE extname = 'inventory_core'") == "made_up"
        assert scene.value(owner, "SELECT bool_and(ok) FROM inventory_core.doctor() WHERE check_name IN "
                                  "('group_roles', 'group_privileges', 'privileges', 'triggers', 'policies', 'memberships', 'grants')")
    with copy.connect(scene.B) as app:
        run = scene.value(app, "SELECT run_id FROM inventory_core.start_run(%s, %s)", (scene.B, '{"type": "after the restore"}'))
        batch = scene.items(scene.CANARY, range(100, 700))
        assert scene.value(app, "SELECT inserted FROM inventory_core.upsert_items(%s, %s, %s)", (scene.B, run, batch)) == 600
        assert scene.value(app, "SELECT status FROM inventory_core.finish_run(%s, %s)", (scene.B, run)) == "success"


def test_dumps_of_before_and_after_are_restored(fresh_next, tmp_path):
    """A dump names no version: one of the old version becomes the new one where that is installed."""
    dumps = tmp_path / "old", tmp_path / "new"
    with versions.scripts(**{f"{OLD}--made_up": NEXT}):
        with scene.prepared(OLD) as world:
            with world.admin() as owner:
                before = {tenant: every_answer(owner, role, tenant) for tenant, role in world.roles.items()}
                client(["pg_dump", "-Fc", "-f", str(dumps[0]), world.database])
                versions.update(owner, "made_up")
            client(["pg_dump", "-Fc", "-f", str(dumps[1]), world.database])
            for dump in dumps:
                with versions.database_with("made_up") as owner:
                    # CREATE EXTENSION IF NOT EXISTS of the dump finds what a new default_version would make
                    client(["pg_restore", "--exit-on-error", "-d", owner.info.dbname, str(dump)])
                    goes_on(scene.World(owner.info.dbname, world.roles, world.runs, world.hashes), before)


# A statement of an upgrade script that is run twice, or by every node of a distributed engine, must not fail.
UNREPEATABLE = re.compile(r"\b(ADD COLUMN|CREATE TABLE|CREATE (UNIQUE )?INDEX)\b(?! IF NOT EXISTS)"
                          r"|\bCREATE (FUNCTION|PROCEDURE|VIEW)\b", re.I)


def unrepeatable(script):
    return [line for line in re.sub(r"--[^\n]*", "", script).splitlines() if UNREPEATABLE.search(line)]


def test_upgrade_scripts_can_be_repeated():
    for script in (versions.ROOT / "sql").glob("inventory_core--*--*.sql"):
        assert unrepeatable(script.read_text("utf-8")) == [], script.name
    assert unrepeatable(NEXT) == []
    assert len(unrepeatable(NEXT.replace(" IF NOT EXISTS", "").replace(" OR REPLACE", ""))) == 4
