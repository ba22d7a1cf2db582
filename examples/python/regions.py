#!/usr/bin/env python3
"""One selection for each region: a region that fails takes nothing from the others. Retries and waits: see sync.py.

REGIONS is a list such as "eu=http://eu.example/items us=http://us.example/items"; other settings as in ../README.md.
"""

import http.client
import json
import os
import sys
import urllib.parse
import urllib.request

import psycopg

TENANT = os.environ["TENANT"]
REGIONS = dict(region.split("=", 1) for region in os.environ["REGIONS"].split())

# All selections of the tenant, each with its own confidence.
STATUS = """
SELECT s.selection ->> 'region', s.latest_status, s.known_items, s.confirmed_missing, s.confidence
FROM inventory_core.inventory_selections(%s) AS i
CROSS JOIN LATERAL inventory_core.selection_status(%s, i.selection_hash) AS s
WHERE s.selection ->> 'region' IS NOT NULL ORDER BY 1"""


def pages(url):
    """The items of each page, as upsert_items takes them."""
    while url:
        with urllib.request.urlopen(url, timeout=30) as answer:
            page = json.load(answer)
        yield [{"policy_type": item["section"], "external_id": item["id"], "display_name": item["summary"]}
               for item in page["items"]]
        url = page["next"] and urllib.parse.urljoin(url, page["next"])


def sync(db, region, url):
    """True unless the region could not be listed to its end."""
    run_id, status, reason = db.execute("SELECT run_id, status, reason FROM inventory_core.start_run(%s, %s)",
                                        (TENANT, json.dumps({"source": "debian", "region": region}))).fetchone()
    if status == "skipped":
        print(f"{region}: skipped, {reason}")
        return True
    read = 0
    try:
        for items in pages(url):
            db.execute("SELECT inventory_core.upsert_items(%s, %s, %s, 'record')", (TENANT, run_id, json.dumps(items)))
            read += 1
        status = "success"
    except (OSError, http.client.HTTPException, ValueError, LookupError) as error:     # the API's, never the database's
        db.execute("SELECT inventory_core.record_error(%s, %s, message => %s, http_status => %s)",
                   (TENANT, run_id, repr(error), getattr(error, "code", None)))
        status = "partial" if read else "failed"
    db.execute("SELECT inventory_core.finish_run(%s, %s, %s)", (TENANT, run_id, status))
    return status == "success"


with psycopg.connect(os.environ.get("DATABASE_URL", ""), autocommit=True, prepare_threshold=None) as connection:
    done = [sync(connection, region, url) for region, url in REGIONS.items()]
    for row in connection.execute(STATUS, (TENANT, TENANT)):
        print("{}: {}, {} known, {} missing, confidence {}".format(*row))
sys.exit(0 if all(done) else 1)
