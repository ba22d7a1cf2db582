#!/usr/bin/python3
"""What a call costs on a plain server, at the node of its tenant, and forwarded by another node; needs a server with Citus.

IC_BINDIR names the server's programs. ROUNDS (15) runs of 5,000 unchanged items at each place, in turn; prints the medians in ms.
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
sys.path += [str(TESTS), str(TESTS / "citus")]

from cluster import cluster  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", 15))
ITEMS = json.dumps([{"policy_type": "disk", "external_id": f"item {n}", "display_name": f"name {n}"} for n in range(5000)])
TENANT = "acme"


def timed(connection, statement, *args):
    began = time.perf_counter()
    rows = connection.execute(statement, args).fetchall()
    return (time.perf_counter() - began) * 1000, rows


def one_run(connection, selection):
    took = {}
    took["start_run"], [(run_id,)] = timed(
        connection, "SELECT run_id FROM inventory_core.start_run(%s, %s)", TENANT, selection)
    took["upsert_items"], _ = timed(connection, "SELECT * FROM inventory_core.upsert_items(%s, %s, %s)", TENANT, run_id, ITEMS)
    took["finish_run"], _ = timed(connection, "SELECT * FROM inventory_core.finish_run(%s, %s)", TENANT, run_id)
    took["missing_items"], _ = timed(
        connection, "SELECT * FROM inventory_core.missing_items(%s, inventory_core.selection_hash(%s))", TENANT, selection)
    return took


def main():
    with cluster() as found:
        found.make_role("app")
        for node in (found.coordinator, found.plain):
            node.do("SELECT inventory_core.grant_access('app', %s, 'writer')", TENANT)
        home = found.home_of(TENANT)
        (other,) = [node for node in found.workers if node is not home]
        places = {"plain": found.plain, "at home": home, "through a worker": other, "through the coordinator": found.coordinator}
        connections = {place: node.connect("app") for place, node in places.items()}
        took = {place: [] for place in places}
        for place, connection in connections.items():
            one_run(connection, '{"list": 1}')
        for _ in range(ROUNDS):
            for place, connection in connections.items():
                took[place].append(one_run(connection, '{"list": 1}'))
        for call in ("start_run", "upsert_items", "finish_run", "missing_items"):
            print(f"| {call} | " + " | ".join(f"{statistics.median(t[call] for t in took[place]):.1f}" for place in places) + " |")


if __name__ == "__main__":
    main()
