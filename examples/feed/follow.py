#!/usr/bin/env python3
"""Keeps a copy of what is present in each selection of a tenant, in the tables of tables.sql.

Killed at any moment, it goes on where its last transaction ended. Settings: see ../README.md.
"""

import os
import time

import psycopg
from psycopg.rows import dict_row

TENANT = os.environ["TENANT"]
POLL_SECONDS = float(os.environ.get("POLL_SECONDS", 0))
MAX_CHANGES = int(os.environ.get("MAX_CHANGES", 1000))      # of one transaction

CHANGES = """
SELECT change_id, selection_hash, change, item_id, policy_type, external_id, display_name
FROM inventory_core.changes_since(%s, %s, %s)"""
PRESENT = """
SELECT s.selection_hash, p.item_id, p.policy_type, p.external_id, p.display_name, 'added' AS change
FROM inventory_core.inventory_selections(%s) AS s, inventory_core.present_items(%s, s.selection_hash) AS p"""

PUT = """
INSERT INTO inventory_copy (tenant, selection_hash, item_id, policy_type, external_id, display_name, present)
VALUES (%(tenant)s, %(selection_hash)s, %(item_id)s, %(policy_type)s, %(external_id)s, %(display_name)s, %(change)s <> 'missing')
ON CONFLICT (tenant, selection_hash, item_id) DO UPDATE
SET (policy_type, external_id, display_name, present)
    = (EXCLUDED.policy_type, EXCLUDED.external_id, EXCLUDED.display_name, EXCLUDED.present)"""
NAME = """
UPDATE inventory_copy
SET (policy_type, external_id, display_name) = (%(policy_type)s, %(external_id)s, %(display_name)s)
WHERE tenant = %(tenant)s AND item_id = %(item_id)s"""
FORGET_ITEM = "DELETE FROM inventory_copy WHERE tenant = %(tenant)s AND item_id = %(item_id)s"
FORGET_SELECTION = "DELETE FROM inventory_copy WHERE tenant = %(tenant)s AND selection_hash = %(selection_hash)s"
# What was told of the new hash before counts more than what was told of the old one, which external_id names.
REPLACE = """
WITH old AS (DELETE FROM inventory_copy WHERE tenant = %(tenant)s AND selection_hash = %(external_id)s RETURNING *)
INSERT INTO inventory_copy (tenant, selection_hash, item_id, policy_type, external_id, display_name, present)
SELECT tenant, %(selection_hash)s, item_id, policy_type, external_id, display_name, present FROM old
ON CONFLICT (tenant, selection_hash, item_id) DO NOTHING"""


APPLY = {"added": PUT, "reappeared": PUT, "missing": PUT, "changed": NAME, "renamed": NAME, "replaced": REPLACE}


def statement(change):
    if change["change"] == "forgotten":
        return FORGET_ITEM if change["item_id"] else FORGET_SELECTION
    return APPLY[change["change"]]


def begin_anew(feed, copy):
    """Takes the catalogue as it is, in one snapshot, and returns where the feed continues."""
    copy.execute("DELETE FROM inventory_copy WHERE tenant = %s", (TENANT,))
    with feed.transaction():
        feed.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        end = feed.execute("SELECT inventory_core.feed_end(%s) AS change_id", (TENANT,)).fetchone()["change_id"]
        items = feed.execute(PRESENT, (TENANT, TENANT)).fetchall()
    copy.cursor().executemany(PUT, [{**item, "tenant": TENANT} for item in items])
    return end


def store_place(copy, change_id):
    copy.execute("UPDATE inventory_copy_position SET change_id = %s WHERE tenant = %s", (change_id, TENANT))


def follow(feed, copy):
    """Applies the next changes; False if there were none. The copy and its place in the feed change in one transaction."""
    with copy.transaction():
        # Whoever else follows for this copy waits here.
        place = copy.execute("SELECT change_id FROM inventory_copy_position WHERE tenant = %s FOR UPDATE", (TENANT,)).fetchone()
        try:
            changes = feed.execute(CHANGES, (TENANT, place["change_id"], MAX_CHANGES)).fetchall()
        except psycopg.errors.InvalidParameterValue:        # pruned, restored from a dump, or the tenant was forgotten
            print("beginning anew", flush=True)
            store_place(copy, begin_anew(feed, copy))
            return True
        for change in changes:
            copy.execute(statement(change), {**change, "tenant": TENANT})
        if changes:
            store_place(copy, changes[-1]["change_id"])
        return bool(changes)


def connect(url):
    return psycopg.connect(url, autocommit=True, prepare_threshold=None, row_factory=dict_row)


INVENTORY = os.environ.get("DATABASE_URL", "")
with connect(INVENTORY) as inventory, connect(os.environ.get("COPY_URL", INVENTORY)) as other:
    other.execute("INSERT INTO inventory_copy_position (tenant) VALUES (%s) ON CONFLICT DO NOTHING", (TENANT,))
    while True:
        if not follow(inventory, other):
            if not POLL_SECONDS:
                break
            time.sleep(POLL_SECONDS)
