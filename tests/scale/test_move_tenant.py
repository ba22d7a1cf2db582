"""scripts/move-tenant: every answer is the same afterwards, on the other server; misrouted calls are refused."""

import json
import threading
import time

import psycopg
import pytest

import scene
from every_answer import every_answer
from two_servers import Site, home_of, move


@pytest.fixture
def tenant(servers, request):
    """A tenant with a history of every kind at the first server, and a plain role of both servers: (name, role)."""
    name, role = f"t {request.node.name}'\\ä", f"role {request.node.name}"[:60]
    for site in servers:
        site.make_role(role)
    servers[0].grant(role, name)
    servers[0].do("SELECT inventory_core.set_tenant_limit(%s, 7)", name)
    with servers[0].connect(role) as one, servers[0].connect(role) as neighbour:
        scene.fill(one, neighbour, name, "alpha")
    return name, role


def answers(site, tenant):
    name, role = tenant
    with site.connect() as owner:
        return every_answer(owner, role, name)


def test_every_answer_is_the_same_after_a_move_and_back(servers, tenant):
    one, other = servers
    name, role = tenant
    before, rows = answers(one, tenant), one.rows(name)
    assert not [table for table, found in rows.items() if not found and "refusals" not in table], "the scene fills every table"
    move(one, other, name)
    assert other.rows(name) == rows and not any(one.rows(name).values())
    assert answers(other, tenant) == before
    assert home_of(servers, name, role) == [other]
    assert one.ask("SELECT count(*) FROM inventory_core_internal.run_slots WHERE holder IS NOT NULL AND expires_at > now() "
                   "AND holder NOT IN (SELECT inventory_core_internal._slot_holder(tenant_id, run_id) "
                   "FROM inventory_core_internal.sync_runs)") == [(0,)]

    move(one, other, name)                                  # a second time changes nothing
    assert other.rows(name) == rows
    move(one, other, name, options=["--back"])
    assert one.rows(name) == rows and answers(one, tenant) == before
    assert home_of(servers, name, role) == [one]
    move(one, other, name, options=["--back"])
    assert home_of(servers, name, role) == [one]


def test_work_goes_on_at_the_new_place(servers, tenant):
    one, other = servers
    name, role = tenant
    move(one, other, name)
    with other.connect(role) as app:
        (run_id,) = app.execute("SELECT run_id FROM inventory_core.inventory_sync_runs(%s) WHERE status = 'running'", (name,)).fetchone()
        batch = json.dumps([{"policy_type": "alpha disk", "external_id": f"alpha {n}"} for n in (1, 99)])
        assert app.execute("SELECT inserted, unchanged FROM inventory_core.upsert_items(%s, %s, %s)", (name, run_id, batch)).fetchone() == (1, 1)
        assert app.execute("SELECT status FROM inventory_core.finish_run(%s, %s)", (name, run_id)).fetchone() == ("success",)
    assert other.ask("SELECT check_name, detail FROM inventory_core.doctor() WHERE NOT ok "
                     "AND check_name IN ('last_seen_sets', 'run_slots', 'grants', 'memberships')") == []


def test_misrouted_calls_are_refused(servers, tenant):
    one, other = servers
    name, role = tenant
    every = f"every {role}"[:60]
    for site in servers:
        site.make_role(every)
        site.grant(every, "*")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for"):
        other.do("SELECT inventory_core.start_run(%s, '{}')", name, user=role)
    move(one, other, name)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for"):
        one.do("SELECT inventory_core.start_run(%s, '{}')", name, user=role)
    for user in (every, "postgres"):
        for call in ("SELECT inventory_core.set_tenant(%s)", "SELECT inventory_core.start_run(%s, '{}')",
                     "SELECT inventory_core.inventory_items(%s)", "SELECT inventory_core.forget_tenant(%s)"):
            with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="not on the node of the tenant") as refused:
                one.do(call, name, user=user)
            assert refused.value.diag.message_detail == "Another server or node has the rows of the tenant."
            assert "move-tenant" in refused.value.diag.message_hint
    assert other.ask("SELECT count(*) > 0 FROM inventory_core.inventory_items(%s)", name, user=every) == [(True,)]
    one.do("SELECT inventory_core.start_run('somebody else', '{}')", user=every)


def test_a_refusal_leaves_no_binding_behind(servers, tenant):
    one, other = servers
    name, _ = tenant
    move(one, other, name)
    with one.connect(autocommit=False) as owner:
        owner.execute("""DO $$ BEGIN
            PERFORM inventory_core.set_tenant(current_setting('scale.tenant'));
        EXCEPTION WHEN object_not_in_prerequisite_state THEN
            NULL;
        END $$""".replace("current_setting('scale.tenant')", "'" + name.replace("'", "''") + "'"))
        assert owner.execute("SELECT inventory_core.current_tenant()").fetchone() == (None,)


def test_a_move_waits_for_those_under_way_and_for_nobody_else(servers, tenant):
    one, other = servers
    name, role = tenant
    move(one, other, name)                                  # both servers look from now on
    move(other, one, name)
    one.grant(role, "bystander")
    with one.connect(role, autocommit=False) as reader, one.connect(role, autocommit=False) as bystander:
        before = reader.execute("SELECT count(*) FROM inventory_core.inventory_items(%s)", (name,)).fetchone()
        bystander.execute("SELECT inventory_core.set_tenant('bystander')")
        moving = threading.Thread(target=move, args=(one, other, name))
        moving.start()
        until = time.monotonic() + 60
        while one.state(name) != "leaving":
            assert time.monotonic() < until
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="not on the node") as refused:
            one.do("SELECT inventory_core.set_tenant(%s)", name, user=role)
        assert "being moved" in refused.value.diag.message_detail
        assert home_of(servers, name, role) == []
        assert reader.execute("SELECT count(*) FROM inventory_core.inventory_items").fetchone() == before
        assert one.state(name) == "leaving"
        reader.commit()
        moving.join(60)
        assert not moving.is_alive() and home_of(servers, name, role) == [other]


def test_a_first_move_waits_for_those_who_found_no_ranges(tenant, servers):
    """A transaction that bound the tenant before the server ever took part in a move holds no lock of the tenant."""
    one, other = servers
    name, role = tenant
    one.do("DELETE FROM inventory_core_internal.tenant_moves")
    one.do("TRUNCATE inventory_core_internal.home_ranges")
    with one.connect(role, autocommit=False) as reader:
        before = reader.execute("SELECT count(*) FROM inventory_core.inventory_items(%s)", (name,)).fetchone()
        moving = threading.Thread(target=move, args=(one, other, name))
        moving.start()
        with one.connect() as owner:
            sleeps = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
            until = time.monotonic() + 60
            while not owner.execute(sleeps).fetchone()[0]:      # the mover waits for the reader
                assert time.monotonic() < until
        assert one.state(name) is None
        assert reader.execute("SELECT count(*) FROM inventory_core.inventory_items").fetchone() == before
        reader.commit()
        moving.join(60)
    assert not moving.is_alive() and home_of(servers, name, role) == [other]


def test_a_dry_run_changes_nothing(servers, tenant):
    one, other = servers
    name, _ = tenant
    rows = one.rows(name)
    said = move(one, other, name, options=["--dry-run"])
    total = sum(len(found) for table, found in rows.items() if "tenant_limits" not in table)
    assert f"{total} rows" in said and f"inventory_core_internal.items: {len(rows['inventory_core_internal.items'])} rows" in said
    assert one.rows(name) == rows and one.state(name) is None and other.state(name) is None


def test_mistakes_are_told_before_anything_is_changed(servers, tenant):
    one, other = servers
    name, role = tenant
    rows = one.rows(name)
    assert "no rows at the server that it should leave" in move(one, other, "acmee", fails=True)
    assert "same database" in move(one, one, name, fails=True)
    assert "usage" in move(one, other, fails=True)
    one.make_role("only here")
    one.grant("only here", name, "reader")
    assert "roles that do not exist at the other server: only here" in move(one, other, name, fails=True)
    one.do("SELECT inventory_core.revoke_access('\"only here\"', %s)", name)
    one.do('DROP ROLE "only here"')
    other.do("SELECT inventory_core.start_run(%s, '{}')", name)
    assert "rows at both servers" in move(one, other, name, fails=True)
    assert one.rows(name) == rows and one.state(name) is None and home_of([one], name, role) == [one]
    plain = Site(one.server)
    plain.conninfo = plain.conninfo.replace("user=postgres", f"user='{role}'")
    assert "superuser" in move(plain, other, name, fails=True)
