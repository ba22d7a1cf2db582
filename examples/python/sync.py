#!/usr/bin/env python3
"""Keeps an inventory of what a paged HTTP API lists. Settings come from the environment: see ../README.md."""

import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import psycopg

UPSTREAM, TENANT = os.environ["UPSTREAM_URL"], os.environ["TENANT"]
SELECTION = json.dumps(
    {"source": "debian", "label": "R&D <größte/kleinste>", "status": ["installed", "held"], "max_size": 1e6})
LEASE = float(os.environ.get("LEASE_SECONDS", 900))
SILENCE = min(30, LEASE / 3)    # seconds: the longest time without a sign of life
RETRIES = 4                     # of one page
NO_ANSWER = 599                 # what a proxy says when it got none
CODES = {200: "parse_error", NO_ANSWER: "network"}      # of other statuses inventory_core knows the code


def get(url):
    """Status, Retry-After and body of whatever answer comes."""
    try:
        with urllib.request.urlopen(url, timeout=SILENCE) as answer:
            return answer.status, None, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers["Retry-After"], answer.read()
    except (OSError, http.client.HTTPException) as error:
        return NO_ANSWER, None, repr(error).encode()


def read(body):
    """The items of a page as upsert_items takes them, the next link, the total; None for what is no page."""
    try:
        page = json.loads(body)
        items = [{"policy_type": p.get("section"), "external_id": p.get("id"), "display_name": p.get("summary"),
                  "meta": {"version": p.get("version"), "installed_size": p.get("installed_size")}} for p in page["items"]]
        return items, page["next"], page.get("total")
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


class Syncer:
    def __init__(self, db):
        self.db, self.run = db, None

    def row(self, statement, *args):
        return self.db.execute(statement, args).fetchone()

    def pause(self, seconds):
        """Sleeps, and shows now and then that the run is alive."""
        print(f"waiting {seconds:.1f} s", file=sys.stderr)
        while seconds > 0:
            time.sleep(min(seconds, SILENCE))
            seconds -= SILENCE
            self.row("SELECT inventory_core.heartbeat(%s, %s)", TENANT, self.run)

    def fetch(self, url):
        """A page as read() gives it; None if it cannot be read; the reason is recorded."""
        for attempt in range(RETRIES + 1):
            # record_throttle cools the API down for all workers of the tenant: the throttled one waits here like all others.
            while wait := self.row("SELECT extract(epoch FROM inventory_core.cooling_down(%s))::float8", TENANT)[0]:
                self.pause(wait)
            status, retry_after, body = get(url)
            if status == 200 and (page := read(body)):
                return page
            wait = self.row("SELECT extract(epoch FROM inventory_core.record_throttle(%s, %s, %s, %s, %s))::float8",
                            TENANT, self.run, status, retry_after, attempt)[0]
            if wait is None or attempt == RETRIES:      # None: asking again would not help
                self.row("SELECT inventory_core.record_error(%s, %s, %s, %s, nullif(%s, 599))",
                         TENANT, self.run, CODES.get(status), f"{url}: {body[:500]!r}", status)
                return None

    def sync(self):
        # The request_id makes the start repeatable, should its answer get lost.
        self.run, state, selection_hash, reason, wait = self.row(
            "SELECT run_id, status, selection_hash, reason, extract(epoch FROM retry_after)::float8 FROM "
            "inventory_core.start_run(%s, %s, request_id => %s, lease => make_interval(secs => %s))",
            TENANT, SELECTION, uuid.uuid4(), LEASE)
        if state == "skipped":
            print(f"skipped: {reason}, try again in {wait:.1f} s")
            return 0
        print(f"run {self.run} of selection {selection_hash}")

        url, pages, observed, total = UPSTREAM, 0, 0, None
        while url and (page := self.fetch(url)):
            items, link, total = page
            # One batch, one transaction. A bad item is recorded and costs its page nothing.
            seen, new, changed, rejected = self.row(
                "SELECT observed, inserted, updated, rejected FROM inventory_core.upsert_items(%s, %s, %s, 'record')",
                TENANT, self.run, json.dumps(items))
            url, pages, observed = link and urllib.parse.urljoin(url, link), pages + 1, observed + seen
            print(f"page {pages}: {seen} observed, {new} new, {changed} changed, {rejected} rejected; "
                  f"{observed} of {total or 'an unknown total'}", flush=True)

        # Only a run that came to the end of the list is a success.
        status = "success" if not url else "partial" if pages else "failed"
        print("{}: {} observed, errors: [{}]".format(*self.row(
            "SELECT status, observed_count, array_to_string(error_codes, ', ') "
            "FROM inventory_core.finish_run(%s, %s, %s, %s)", TENANT, self.run, status, total)))
        print("missing: {} of {} known, confidence: {}".format(*self.row(
            "SELECT missing_items, known_items, array_to_string(confidence || reasons, ', ') "
            "FROM inventory_core.selection_status(%s, %s)", TENANT, selection_hash)))
        for item in self.db.execute(
                "SELECT policy_type, external_id, missed_runs FROM inventory_core.missing_items(%s, %s) "
                'ORDER BY policy_type COLLATE "C", external_id COLLATE "C" LIMIT 10', (TENANT, selection_hash)):
            print("  {} {}, missed runs: {}".format(*item))
        return 0 if status == "success" else 1


# No statement is kept in the server (prepare_threshold): behind PgBouncer the next transaction may be on another connection.
with psycopg.connect(os.environ.get("DATABASE_URL", ""), autocommit=True, prepare_threshold=None) as connection:
    sys.exit(Syncer(connection).sync())
