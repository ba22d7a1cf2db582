"""The server dies in the middle of things: what was acknowledged is there, whole, and every answer is the model's.

CRASHES (3) times, at random moments; CRASH_SEED picks them again as far as a clock can.
"""

import json
import os
import pickle
import random
import threading

import psycopg
import pytest
from psycopg import sql

from database import Session, admin, scratch, template
from history import TENANTS, History
from own_server import own_server
from replay import Disagreement, Replay

CRASHES = int(os.environ.get("CRASHES", 3))
SEED = int(os.environ.get("CRASH_SEED", random.SystemRandom().randrange(10**6)))
BATCH = 2000


class Bulk(threading.Thread):
    """Somebody else's run: one batch of new items after the other, until the server is gone."""

    def __init__(self, database, role, run, first):
        super().__init__(daemon=True)
        self.database, self.role, self.run_id, self.acknowledged = database, role, run, first

    def run(self):
        try:
            with psycopg.connect(dbname=self.database, user=self.role, autocommit=True) as connection:
                while True:
                    items = [{"policy_type": "bulk", "external_id": f"{self.acknowledged} {number}"} for number in range(BATCH)]
                    connection.execute("SELECT inventory_core.upsert_items('bulk', %s, %s)", (self.run_id, json.dumps(items)))
                    self.acknowledged += 1
        except psycopg.OperationalError:
            pass


@pytest.fixture
def server_with_extension(request):
    with own_server(**{"fsync": "on", "synchronous_commit": "on"} | getattr(request, "param", {})) as server, \
            pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGHOST", str(server.folder))
        patch.setenv("PGPORT", "5432")
        with template() as prepared:
            yield server, prepared


def snapshot(models):
    return pickle.dumps({name: vars(model) for name, model in models.items()})


def restore(models, state):
    for name, variables in pickle.loads(state).items():
        vars(models[name]).clear()
        vars(models[name]).update(variables)


def play_until_the_server_dies(replay, history):
    """The step that got no reply, and the models before it."""
    while True:
        step, before = history.next_step(), snapshot(replay.models)
        try:
            replay.apply(step)
        except psycopg.OperationalError:
            if not any(connection.broken for session in replay.sessions.values() for connection in session.connections()):
                raise
            return step, before


def agrees(replay, state):
    """Whether the database is as the models were; an open transaction is gone in both."""
    restore(replay.models, state)
    for tenant, model in replay.models.items():
        if model.saved:
            model.rollback()
        replay.sessions[tenant].call("set_clock", {"to": model.clock})
    try:
        replay.compare(*TENANTS)
    except (Disagreement, psycopg.errors.NoDataFound) as error:     # a run that the models know is not there
        return error
    return None


def settle(replay, step, before):
    """After the restart: the step without a reply happened whole or not at all. Says which."""
    after = snapshot(replay.models)
    for session in replay.sessions.values():                # the reply that named a new run may be lost
        for (run_id,) in session.connection.execute(
                "SELECT run_id::text FROM inventory_core.inventory_sync_runs(%s)", (session.tenant,)).fetchall():
            session.names.setdefault(run_id, step.args.get("name"))
    lost = agrees(replay, before)
    if lost is None:
        return "lost"
    kept = agrees(replay, after)
    if kept is None:
        return "kept"
    raise Disagreement(f"{step}, as if it had not happened: {lost}\n\nas if it had happened: {kept}")


def crash(server, replay, history, rng, at_latest):
    killer = threading.Timer(rng.uniform(0, at_latest), server.stop)
    killer.start()
    step, before = play_until_the_server_dies(replay, history)
    killer.join()
    server.start()
    for tenant, session in replay.sessions.items():
        session.close()
        replay.sessions[tenant] = Session(replay.database, replay.roles[tenant], tenant, session.names)
    return settle(replay, step, before)


def new_replay(prepared, sessions, seed):
    replay = Replay(prepared.settings, sessions, seed)
    replay.database = next(iter(sessions.values())).connection.info.dbname
    replay.roles = prepared.roles
    return replay


def test_nothing_acknowledged_is_lost_and_nothing_is_half(server_with_extension):
    server, prepared = server_with_extension
    rng = random.Random(SEED)
    print(f"CRASH_SEED={SEED}")
    with scratch(prepared) as sessions:
        replay = new_replay(prepared, sessions, SEED)
        history = History(SEED, replay.models, prepared.missing_kinds)
        role = prepared.roles[TENANTS[0]]
        with admin(replay.database) as owner:
            assert owner.execute("SELECT current_setting('fsync') || current_setting('synchronous_commit')").fetchone() == ("onon",)
            owner.execute("SELECT inventory_core.grant_access(quote_ident(%s)::regrole, 'bulk', 'writer')", (role,))
            run = owner.execute("SELECT run_id FROM inventory_core.start_run('bulk', '{}', lease => '7 days')").fetchone()[0]
        outcomes, acknowledged = [], 0
        for _ in range(CRASHES):
            bulk = Bulk(replay.database, role, run, acknowledged)
            bulk.start()
            outcomes.append(crash(server, replay, history, rng, at_latest=1.5))
            bulk.join()
            acknowledged = batches_there(replay.database, run)
            assert acknowledged - bulk.acknowledged in (0, 1), "a batch is lost, or there is one that nobody sent"
        print(outcomes, acknowledged, "batches of", BATCH)
        with admin(replay.database) as owner:
            observed = owner.execute("SELECT observed_count FROM inventory_core.finish_run('bulk', %s)", (run,)).fetchone()
            assert observed == (acknowledged * BATCH,)


def batches_there(database, run):
    """As the catalogue and the run's own account say; both whole batches."""
    with admin(database) as owner:
        items, = owner.execute("SELECT count(*) FROM inventory_core.inventory_items('bulk')").fetchone()
        observed, = owner.execute("SELECT observed FROM inventory_core.run_progress('bulk') WHERE run_id = %s", (run,)).fetchone()
    assert items == observed and items % BATCH == 0, f"half a batch: {items} items, {observed} observed"
    return items // BATCH


@pytest.mark.parametrize("server_with_extension", [{"fsync": "off", "wal_writer_delay": "10s"}], indirect=True)
def test_the_comparison_notices_what_is_lost(server_with_extension):
    """Without synchronous_commit an immediate stop loses commits that were acknowledged."""
    server, prepared = server_with_extension
    with scratch(prepared) as sessions:
        with admin() as owner:
            database = next(iter(sessions.values())).connection.info.dbname
            owner.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(database)))
            owner.execute("CHECKPOINT")
        for tenant, session in sessions.items():
            sessions[tenant] = Session(database, prepared.roles[tenant], tenant, session.names)
            session.close()
        replay = new_replay(prepared, sessions, 1)
        history = History(1, replay.models, prepared.missing_kinds)
        with pytest.raises(Disagreement):
            for _ in range(5):
                crash(server, replay, history, random.Random(1), at_latest=2)
