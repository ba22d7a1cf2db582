"""Somebody else's API: pages this machine's Debian packages, and misbehaves on a schedule that each test gives.

A listing is a path of its own (/NAME/packages?page=N) with its own packages and its own schedule: for a page, what happens at
the first request for it, the second and so on; after that it is answered as it should be.

The last page of a listing has a link to what changed since its first page was read: /NAME/delta?token=N, which is paged in the
same way, lists removals as `removed`, and ends with the next such link. The answer to a token that is too old is 410.
"""

import json
import math
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from urllib.parse import parse_qs, urlencode, urlsplit

FIELDS = ("id", "section", "version", "summary", "installed_size")
FORMAT = r"${Package}:${Architecture}\t${Section}\t${Version}\t${binary:Summary}\t${Installed-Size}\t${db:Status-Status}\n"


def packages():
    """What dpkg knows to be installed here, in the order of names."""
    query = subprocess.run(["dpkg-query", "-W", "-f", FORMAT], check=True, capture_output=True, encoding="utf-8")
    rows = [line.split("\t") for line in query.stdout.splitlines()]
    return [dict(zip(FIELDS, [*row[:4], int(row[4] or 0)])) for row in sorted(rows) if row[5] == "installed"]


# --- what may happen to a request; each gets the request and says whether the page is to follow all the same

def http_date(form, at):
    return {"imf": formatdate(at, usegmt=True),
            "rfc850": time.strftime("%A, %d-%b-%y %H:%M:%S GMT", time.gmtime(at)),
            "asctime": time.asctime(time.gmtime(at))}[form]


def throttle(status, form=None):
    """429 or 503, with Retry-After in one of its forms or without it."""
    def happen(request):
        now = time.time()
        if form is None:
            return request.reply(status, "slow down")
        if form == "seconds":
            return request.reply(status, "slow down", {"Retry-After": "1"}, not_before=now + 1)
        at = math.ceil(now + 0.2)
        return request.reply(status, "slow down", {"Retry-After": http_date(form, at)}, not_before=at)
    return happen


def answer(status, text):
    return lambda request: request.reply(status, text)


def hang_up(request):
    request.connection.shutdown(socket.SHUT_RDWR)
    request.close_connection = True


def short_list(request):
    """Half of the page, and no word about the rest."""
    page = request.page()
    request.reply(200, json.dumps({**page, "items": page["items"][::2], "next": None}))


def first(action):
    """Does something of the test's, then answers the page."""
    def happen(request):
        action()
        request.reply(200, json.dumps(request.page()))
    return happen


def always(happen):
    return repeat(happen)


@dataclass
class Listing:
    packages: list
    page_size: int = 50
    schedule: dict = field(default_factory=dict)        # page number -> iterator of what happens
    requests: list = field(default_factory=list)        # (time, page number, status)
    not_before: float = 0
    too_early: list = field(default_factory=list)       # by how much a request came before Retry-After allowed it
    changes: list = field(default_factory=list)         # (package, whether it is there), in their order; a token is a place in it
    oldest_token: int = 0

    def plan(self, **pages):
        """plan(page2=[throttle(429)], page3=always(hang_up))"""
        self.schedule = {int(name.removeprefix("page")): iter(happens) for name, happens in pages.items()}
        self.requests.clear()

    def change(self, *put, remove=()):
        """Adds packages or replaces those of the same id, and removes those of the ids in `remove`."""
        self.changes += [(package, False) for package in self.packages if package["id"] in remove]
        self.changes += [(package, True) for package in put]
        kept = [package for package in self.packages if package["id"] not in {*remove, *(package["id"] for package in put)}]
        self.packages = sorted([*kept, *put], key=lambda package: package["id"])

    def forget_tokens(self):
        """Each token given so far is too old."""
        self.change(self.packages[0])           # so that later tokens are others
        self.oldest_token = len(self.changes)


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urlsplit(self.path)
        self.name, self.kind = url.path.strip("/").split("/")
        query = {name: int(value) for name, (value,) in parse_qs(url.query).items()}
        self.listing = self.server.listings[self.name]
        self.number, self.token = query.get("page", 1), query.get("token", 0)
        self.next_token = query.get("next_token", len(self.listing.changes))      # as of the first page
        self.came = time.time()
        if self.came < self.listing.not_before:
            self.listing.too_early.append(self.listing.not_before - self.came)
        happen = next(self.listing.schedule.get(self.number, iter(())), None)
        if happen:
            happen(self)
        elif self.kind == "delta" and self.token < self.listing.oldest_token:
            self.reply(410, "the token is too old")
        else:
            self.reply(200, json.dumps(self.page()))

    def page(self):
        size, start = self.listing.page_size, (self.number - 1) * self.listing.page_size
        if self.kind == "delta":                # of each package its latest change
            changes = self.listing.changes[self.token:self.next_token]
            entries = list({package["id"]: (package, present) for package, present in changes}.values())
        else:
            entries = [(package, True) for package in self.listing.packages]
        more, shown = start + size < len(entries), entries[start:start + size]
        page = {"items": [package for package, present in shown if present],
                "next": self.server.url(self.name, self.number + 1, kind=self.kind, token=self.token,
                                        next_token=self.next_token) if more else None}
        if self.kind == "delta":
            page["removed"] = [{"id": package["id"], "section": package["section"]} for package, present in shown if not present]
        else:
            page["total"] = len(entries)
        return page if more else {**page, "delta": self.server.url(self.name, kind="delta", token=self.next_token)}

    def reply(self, status, text, headers=None, not_before=0):
        self.listing.requests.append((self.came, self.number, status))
        self.listing.not_before = not_before
        body = text if isinstance(text, bytes) else text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:                     # the caller was killed meanwhile
            self.close_connection = True

    def log_message(self, *args):
        pass


class Upstream(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Request)
        self.listings = {}

    def handle_error(self, request, client_address):
        pass                                # a caller that went away is no news

    def url(self, name, page=1, kind="packages", **tokens):
        return f"http://127.0.0.1:{self.server_port}/{name}/{kind}?{urlencode({'page': page, **tokens})}"

    def list(self, name, packages, **options):
        self.listings[name] = Listing(list(packages), **options)
        return self.listings[name]


@contextmanager
def upstream():
    server = Upstream()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
