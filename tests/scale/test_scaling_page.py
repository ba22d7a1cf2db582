"""The application of docs/scaling.md, as the page has it, while its tenant is moved."""

import json
import re
import threading
from pathlib import Path

import psycopg
import pytest

from two_servers import home_of, move

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"


def test_the_application_of_the_page(servers):
    one, other = servers
    for site in servers:
        site.make_role("app")
    one.grant("app", "acme")
    application = {}
    exec(re.search(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)[1], application)  # noqa: S102
    application["SERVERS"] = {name: site.conninfo.replace("user=postgres", "user=app")
                              for name, site in zip(("north", "south"), servers)}
    where = {"acme": "north"}
    with_tenant = application["with_tenant"]

    def call(statement, *args):
        return with_tenant("acme", where.__getitem__, lambda connection: connection.execute(statement, args).fetchone())

    (run_id,) = call("SELECT run_id FROM inventory_core.start_run('acme', '{}')")
    sent = 0

    def batch():
        nonlocal sent
        items = json.dumps([{"policy_type": "t", "external_id": f"{sent} {n}"} for n in range(20)])
        assert call("SELECT inserted FROM inventory_core.upsert_items('acme', %s, %s)", run_id, items) == (20,)
        sent += 20

    batch()

    def move_it():
        move(one, other, "acme")
        where["acme"] = "south"

    moving = threading.Thread(target=move_it)
    moving.start()
    while moving.is_alive():
        batch()
    moving.join()
    batch()
    assert home_of(servers, "acme", "app") == [other]
    assert call("SELECT observed_count FROM inventory_core.finish_run('acme', %s)", run_id) == (sent,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        one.do("SELECT inventory_core.start_run('acme', '{}')", user="app")
