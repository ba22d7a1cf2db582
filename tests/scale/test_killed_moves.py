"""Tenants go to and fro under running syncers, and the mover is killed at random moments.

MOVES (6) times; SCALE_SEED repeats the choices as far as a clock can. No acknowledged batch is lost, no tenant is ever open on
both servers, and a tenant that nobody syncs gives the same answers after each move.
"""

import os
import random
import signal
import subprocess
import time

import scene
from every_answer import every_answer
from two_servers import Syncer, Watcher, command, environment, home_of, move

MOVES = int(os.environ.get("MOVES", 6))
SEED = int(os.environ.get("SCALE_SEED", random.SystemRandom().randrange(10**6)))
BUSY = ["busy 1", "busy 2"]


def killed(rng, source, target, tenant, options):
    """Starts the mover and kills it and its programs at a random moment; whether it had ended before."""
    with subprocess.Popen(command(*options, source.conninfo, target.conninfo, tenant), env=environment(), start_new_session=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as mover:
        try:
            mover.wait(timeout=rng.uniform(0, 2.5))
        except subprocess.TimeoutExpired:
            os.killpg(mover.pid, signal.SIGKILL)
            return False
    return True


def test_moves_that_are_killed_lose_nothing(servers):
    print(f"SCALE_SEED={SEED} MOVES={MOVES}")
    rng = random.Random(SEED)
    roles = {tenant: f"role of {tenant}" for tenant in [*BUSY, "idle"]}
    for tenant, role in roles.items():
        for site in servers:
            site.make_role(role)
        servers[0].grant(role, tenant)
    with servers[0].connect(roles["idle"]) as one, servers[0].connect(roles["idle"]) as neighbour:
        scene.fill(one, neighbour, "idle", "alpha")
    with servers[0].connect() as owner:
        expected = every_answer(owner, roles["idle"], "idle")

    syncers = [Syncer(servers, tenant, roles[tenant]) for tenant in BUSY]
    watcher = Watcher(servers, roles)
    for thread in [*syncers, watcher]:
        thread.start()
    kills, began = 0, time.monotonic()
    try:
        for number in range(MOVES):
            tenant = rng.choice([*BUSY, *BUSY, "idle"])
            source, target = servers if number % 2 == 0 else servers[::-1]
            options = []
            while rng.random() < 0.6:
                if not killed(rng, source, target, tenant, options):
                    kills += 1
                options = rng.choice([[], ["--back"]])
            if tenant in BUSY and not [s for s in syncers if s.tenant == tenant and s.stored]:
                continue                                    # it has no row yet
            home = source if options else target
            if home_of(servers, tenant, roles[tenant]) != [home]:
                move(source, target, tenant, options=options)
            if number % 50 == 49:
                print(f"{number + 1} moves, {kills} kills", flush=True)
            assert home_of(servers, tenant, roles[tenant]) == [home]
            if tenant == "idle":
                with home.connect() as owner:
                    assert every_answer(owner, roles["idle"], "idle") == expected
            for thread in [*syncers, watcher]:
                if thread.problem:
                    raise thread.problem
    finally:
        for thread in [*syncers, watcher]:
            thread.ending.set()
        for thread in [*syncers, watcher]:
            thread.join(60)
    print(f"{MOVES} moves, {kills} kills, {watcher.looks} looks, {sum(len(s.finished) for s in syncers)} runs, "
          f"{sum(s.moves_seen for s in syncers)} refusals, {time.monotonic() - began:.0f} s")
    if watcher.problem:
        raise watcher.problem
    for syncer in syncers:
        syncer.check()
