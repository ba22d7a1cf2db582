"""What goes wrong is told, in every language: by the exit status, on standard error, and by the run that is left behind."""

import re
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

import psycopg
import pytest
from psycopg import sql

import inventory
import pooler
from syncers import LANGUAGES, Syncer, sync
from upstream import always, answer, first, hang_up

GARBAGE = b"<html>\x00\xff\xfe maintenance, token=hunter2hunter2hunter2 </html>"     # neither JSON nor a text that can be stored


@pytest.fixture(params=LANGUAGES)
def tenant(request, database, api, packages, cluster_port):
    """A tenant of this test alone, whose syncer is written in each of the languages."""
    return Tenant(request.param, request.node.name, database, api, packages, cluster_port)


class Tenant:
    def __init__(self, language, test, database, api, packages, port):
        self.name = f"{language} {test}"[:255]
        self.language, self.database, self.port = language, database, port
        self.path = uuid.uuid4().hex
        self.listing, self.url = api.list(self.path, packages), api.url(self.path)

    def arguments(self):
        return self.language, self.database, self.port, self.url, self.name

    def sync(self, **settings):
        return sync(*self.arguments(), **settings)

    def start(self, **settings):
        return Syncer(*self.arguments(), **settings)

    def runs(self):
        return [(run["status"], run["observed_count"]) for run in inventory.runs(self.database, self.name)]

    def errors(self):
        return [(error["error_code"], error["http_status"]) for error in inventory.errors(self.database, self.name)
                if error["error_code"] != "short_of_expected"]


def test_not_allowed(tenant):
    tenant.listing.plan(page1=always(answer(401, "who are you?")))
    code, out, _ = tenant.sync()
    assert code == 1 and "failed: 0 observed, errors: [auth_failed]" in out
    assert (tenant.runs(), tenant.errors()) == ([("failed", 0)], [("auth_failed", 401)])
    assert len(tenant.listing.requests) == 1, "asking again does not help"


def test_no_json_on_the_first_page(tenant):
    tenant.listing.plan(page1=always(answer(200, GARBAGE)))
    code, out, _ = tenant.sync()
    assert code == 1 and "failed: 0 observed, errors: [parse_error]" in out
    assert (tenant.runs(), tenant.errors()) == ([("failed", 0)], [("parse_error", 200)])
    (error,) = inventory.ask(tenant.database, "SELECT message FROM inventory_core.inventory_sync_errors(%s)", tenant.name)
    assert "maintenance" in error["message"] and "hunter2" not in error["message"]


@pytest.mark.parametrize("body", ["[]", '{"items": [], "total": 240}'])
def test_no_page_in_the_middle(tenant, body):
    """The second says nothing of a next link: who takes that for the end of the list calls half a list a success."""
    tenant.listing.plan(page3=always(answer(200, body)))
    code, out, _ = tenant.sync()
    assert code == 1 and "partial: 100 observed, errors: [parse_error]" in out
    assert (tenant.runs(), tenant.errors()) == ([("partial", 100)], [("parse_error", 200)])


def test_no_answer(tenant):
    """Asked again, but not for ever."""
    tenant.listing.plan(page3=always(hang_up))
    code, out, _ = tenant.sync()
    assert code == 1 and "partial: 100 observed, errors: [network]" in out
    assert (tenant.runs(), tenant.errors()) == ([("partial", 100)], [("network", None)])


def test_nobody_listens(tenant):
    tenant.url = f"http://127.0.0.1:{pooler.free_port()}/"
    code, out, _ = tenant.sync()
    assert code == 1 and "failed: 0 observed, errors: [network]" in out
    assert (tenant.runs(), tenant.errors()) == ([("failed", 0)], [("network", None)])


def test_bad_item(tenant):
    """It costs its page nothing, and is told."""
    tenant.listing.packages = [{"section": "libs", "summary": "no id"}, *tenant.listing.packages]
    code, out, _ = tenant.sync()
    assert code == 0 and "page 1: 49 observed, 49 new, 0 changed, 1 rejected" in out
    assert tenant.runs() == [("success", 240)]
    assert tenant.errors() == [("item_rejected", None)]


class Hold:
    """Holds a page back until the test lets it go."""

    def __init__(self):
        self.asked, self.released = threading.Event(), threading.Event()

    def __call__(self):
        self.asked.set()
        self.released.wait(60)

    def wait(self):
        assert self.asked.wait(60), "the page was not asked for"

    def release(self):
        self.released.set()


def test_killed(tenant):
    """Nobody can finish the run of a killed process: it says `running` until its lease ends, and the next start closes it."""
    hold = Hold()
    tenant.listing.plan(page3=[first(hold)])
    syncer = tenant.start()
    hold.wait()
    syncer.kill()
    hold.release()
    assert tenant.runs() == [("running", 100)]
    code, out, _ = tenant.sync()
    assert code == 0 and re.fullmatch(r"skipped: already_running, try again in \d+\.\d s\n", out)

    with inventory.clock(tenant.database, str(datetime.now(timezone.utc) + timedelta(minutes=16))):
        code, out, _ = tenant.sync()
    assert code == 0 and "success: 240 observed, errors: []" in out
    assert tenant.runs() == [("failed", 100), ("success", 240)]
    assert tenant.errors() == [("lease_expired", None)]


@contextmanager
def gone(name):
    """The database is not there: all connections to it are ended, and there are no new ones."""
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(autocommit=True, dbname="postgres") as admin:
        admin.execute(allow.format(sql.Identifier(name), sql.Literal(False)))
        try:
            admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,))
            yield
        finally:
            admin.execute(allow.format(sql.Identifier(name), sql.Literal(True)))


@pytest.fixture(scope="module")
def other_database():
    with inventory.database("going_away") as name:
        yield name


@pytest.mark.parametrize("pooled", [False, True], ids=["directly", "pooled"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_database_goes_away(language, pooled, other_database, api, packages, cluster_port):
    hold = Hold()
    with pooler.pgbouncer(other_database, patience=1) as pooled_port:
        port = pooled_port if pooled else cluster_port
        tenant = Tenant(language, f"gone, pooled: {pooled}", other_database, api, packages, port)
        tenant.listing.plan(page3=[first(hold)])
        syncer = tenant.start()
        hold.wait()
        with gone(other_database):
            hold.release()
            code, out, err = syncer.wait()
    assert code != 0 and err.strip() != ""
    assert "success" not in out
    assert tenant.runs() == [("running", 100)], "what it stored before is there, and no more"
    assert tenant.errors() == []


def wait_it_out(tenant):
    throttled = threading.Event()

    def throttle_somebody_else():
        """Another worker of the tenant is told to wait, in a run of another selection."""
        run = inventory.ask(tenant.database, "SELECT run_id FROM inventory_core.start_run(%s, '{}')", tenant.name)[0]["run_id"]
        inventory.ask(tenant.database, "SELECT inventory_core.record_throttle(%s, %s, 429, '10')", tenant.name, run)
        throttled.set()

    tenant.listing.plan(page2=[first(throttle_somebody_else)])
    worker = tenant.start(LEASE_SECONDS=6)
    assert throttled.wait(20), worker.kill()
    since = time.time()
    time.sleep(8)
    start = inventory.ask(tenant.database, "SELECT s.reason FROM inventory_core.inventory_selections(%s) AS i, "
                          "inventory_core.start_run(%s, i.selection) AS s WHERE i.selection <> '{}'", tenant.name, tenant.name)
    assert start == [{"reason": "already_running"}], "the run was taken over"
    code, out, err = worker.wait()
    assert code == 0 and "success: 240 observed, errors: []" in out, out + err
    assert min(came for came, number, _ in tenant.listing.requests if number == 3) - since > 9, "asked while the API cooled down"


def test_waits_stay_alive(database, api, packages, cluster_port):
    """A wait longer than the lease. (A shorter lease makes for a shorter test, and for too little patience with the API.)"""
    tenants = [Tenant(language, "waits", database, api, packages, cluster_port) for language in LANGUAGES]
    with ThreadPoolExecutor(len(tenants)) as pool:
        list(pool.map(wait_it_out, tenants))
