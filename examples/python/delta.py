#!/usr/bin/env python3
"""Asks an API that has delta tokens only for what changed since the last run. Retries and waits: see sync.py.

MODE=full lists everything anew, which is due from time to time; other settings as in ../README.md.
"""

import http.client
import json
import os
import sys
import urllib.parse
import urllib.request

import psycopg

UPSTREAM, TENANT = os.environ["UPSTREAM_URL"], os.environ["TENANT"]
SELECTION = json.dumps({"source": "debian", "by": "delta"})
START = "SELECT run_id, reason, cursor FROM inventory_core.start_run(%s, %s, mode => %s)"
FINISH = """
SELECT mode, status, observed_count, removed_count
FROM inventory_core.finish_run(%s, %s, %s, expected_items => %s, cursor => %s)"""


def get(link):
    with urllib.request.urlopen(link, timeout=30) as answer:
        return json.load(answer)


def store(db, run_id, page):
    """A page: what is there, and what the API reports as removed."""
    items = [{"policy_type": p["section"], "external_id": p["id"], "display_name": p["summary"]} for p in page["items"]]
    db.execute("SELECT inventory_core.upsert_items(%s, %s, %s, 'record')", (TENANT, run_id, json.dumps(items)))
    if removed := [{"policy_type": p["section"], "external_id": p["id"]} for p in page.get("removed", [])]:
        db.execute("SELECT inventory_core.remove_items(%s, %s, %s)", (TENANT, run_id, json.dumps(removed)))


def sync(db, mode):
    """The status of a run, or None if a full run is due instead."""
    try:
        run_id, reason, cursor = db.execute(START, (TENANT, SELECTION, mode)).fetchone()
    except psycopg.errors.InvalidParameterValue:
        if mode == "full":
            raise
        return None     # no run has left a cursor yet
    if run_id is None:
        print(f"{mode}: skipped, {reason}")
        return "skipped"
    # The cursor is the link that the API gave for later changes.
    link, page, read, token_expired = cursor if mode == "delta" else UPSTREAM, {}, 0, False
    try:
        while link:
            page = get(link)
            store(db, run_id, page)
            link, read = page["next"] and urllib.parse.urljoin(link, page["next"]), read + 1
    except (OSError, http.client.HTTPException, ValueError, LookupError) as error:     # the API's, never the database's
        http_status = getattr(error, "code", None)
        token_expired = mode == "delta" and http_status == 410
        if not token_expired:
            code = "parse_error" if isinstance(error, (ValueError, LookupError)) else None if http_status else "network"
            db.execute("SELECT inventory_core.record_error(%s, %s, %s, %s, %s)", (TENANT, run_id, code, repr(error), http_status))
    status = "success" if not link else "partial" if read and not token_expired else "failed"
    # Only a clean run moves the cursor: what a failed one did not store is asked for again.
    print("{}: {}, {} observed, {} removed".format(*db.execute(
        FINISH, (TENANT, run_id, status, page.get("total"), page.get("delta"))).fetchone()))
    return None if token_expired else status


with psycopg.connect(os.environ.get("DATABASE_URL", ""), autocommit=True, prepare_threshold=None) as connection:
    result = (os.environ.get("MODE") != "full" and sync(connection, "delta")) or sync(connection, "full")
sys.exit(0 if result in ("success", "skipped") else 1)
