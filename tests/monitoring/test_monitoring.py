"""The files of examples/monitoring with the programs that they are for: sql_exporter, Prometheus, promtool, all Debian's."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

EXAMPLE = Path(__file__).parents[2] / "examples" / "monitoring"
DATABASE = f"monitoring_{os.getpid()}"
WATCH, APP = f"monitoring watch {os.getpid()}", f"monitoring_app_{os.getpid()}"
RULES, DASHBOARD = EXAMPLE / "alerts.yml", EXAMPLE / "grafana_dashboard.json"
# The exporter's own.
OF_THE_EXPORTER = {"sql_exporter_last_scrape_failed"}


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], cwd=EXAMPLE, capture_output=True, text=True, check=False)


def test_the_rules_are_valid():
    assert promtool("check", "rules", RULES).returncode == 0
    assert promtool("check", "config", EXAMPLE / "prometheus.yml").returncode == 0


def test_each_alert_fires_where_it_should_and_only_there():
    done = promtool("test", "rules", "alerts_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    alerts = re.findall(r"^ +- alert: (\w+)$", RULES.read_text(), re.M)
    silent, loud, _ = (EXAMPLE / "alerts_test.yml").read_text().split("- name: ")[1:]
    assert [alert for alert in alerts if f"alertname: {alert} }}" not in silent or f"alertname: {alert}\n" not in loud] == []


def test_a_wrong_rule_is_caught(tmp_path):
    for file in EXAMPLE.glob("alerts*.yml"):
        shutil.copy(file, tmp_path)
    (tmp_path / "alerts.yml").write_text(RULES.read_text().replace("36 * 3600", "48 * 3600"))
    done = subprocess.run(["promtool", "test", "rules", "alerts_test.yml"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "InventoryNoCleanRun" in done.stdout + done.stderr


# --- with a server ---------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def database():
    """A tenant with a clean run that misses an item, and a running one; a role that was granted every tenant."""
    with psycopg.connect(autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {DATABASE}")
        with psycopg.connect(dbname=DATABASE, autocommit=True) as owner:
            owner.execute("CREATE EXTENSION inventory_core")
            for role, tenant, access in ((WATCH, "*", "reader"), (APP, "acme", "writer")):
                owner.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
                owner.execute("SELECT inventory_core.grant_access(quote_ident(%s)::regrole, %s, %s)", (role, tenant, access))
        with psycopg.connect(dbname=DATABASE, user=APP, autocommit=True) as app:
            for items in (["i-1", "i-2"], ["i-1"], None):
                [run] = app.execute("""SELECT run_id FROM inventory_core.start_run('acme', '{"type": "vm"}')""").fetchone()
                if items:
                    batch = json.dumps([{"policy_type": "vm", "external_id": item} for item in items])
                    app.execute("SELECT inventory_core.upsert_items('acme', %s, %s)", (run, batch))
                    app.execute("SELECT inventory_core.finish_run('acme', %s)", (run,))
        yield DATABASE
        admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        for role in (WATCH, APP):
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def eventually(what, seconds=60):
    """The first true value of what(), which may fail until then."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if found := what():
                return found
        except OSError:
            pass
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.1)


class Program:
    """Runs until the end of the block; what it says goes to a file."""

    def __init__(self, log, *command):
        self.log, self.command = log, command

    def __enter__(self):
        with self.log.open("w") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def exporter(database, tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("exporter"), free_port()
    user = urllib.parse.quote(WATCH)
    config, replaced = re.subn(r"postgres://inventory_watch@127\.0\.0\.1:5432/mydb",
                               f"postgres://{user}@127.0.0.1:{os.environ['PGPORT']}/{database}", (EXAMPLE / "sql_exporter.yml").read_text())
    assert replaced == 1
    (folder / "config.yml").write_text(config.replace("interval: 1m", "interval: 1s"))
    with Program(folder / "log", "prometheus-sql-exporter", "-config.file", str(folder / "config.yml"),
                 "-web.listen-address", f"127.0.0.1:{port}"):
        yield port


def get(port, path, **query):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}?{urllib.parse.urlencode(query)}", timeout=10) as reply:
        return reply.read().decode()


def test_the_exporter_tells_every_metric(exporter, database):
    page = eventually(lambda: (text := get(exporter, "/metrics")) and "sql_inventory_core{" in text and text)
    told = set(re.findall(r'^sql_inventory_core\{.*metric="(\w+)"', page, re.M))
    with psycopg.connect(dbname=database, user=WATCH) as watch:
        assert told == {name for (name,) in watch.execute("SELECT metric FROM inventory_core.metrics()")}
    assert re.search(r'^sql_exporter_last_scrape_failed\{.*query="inventory_core".*\} 0$', page, re.M)


@pytest.fixture(scope="module")
def prometheus(exporter, tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    shutil.copy(RULES, folder)
    config = (EXAMPLE / "prometheus.yml").read_text().replace("127.0.0.1:9237", f"127.0.0.1:{exporter}").replace("scrape_interval: 1m", "scrape_interval: 1s")
    (folder / "prometheus.yml").write_text("global:\n  evaluation_interval: 1s\n" + config)
    with Program(folder / "log", "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address=127.0.0.1:{port}"):
        yield port


def query(port, expression):
    reply = json.loads(get(port, "/api/v1/query", query=expression))
    assert reply["status"] == "success", reply
    return [(series["metric"], float(series["value"][1])) for series in reply["data"]["result"]]


def test_prometheus_has_them_by_their_names(prometheus):
    labels, value = eventually(lambda: query(prometheus, 'inventory_core_missing_items{tenant_id="acme"}'))[0]
    assert value == 1 and labels["__name__"] == "inventory_core_missing_items" and "metric" not in labels
    for name, expected in (("known_items", 2), ("running_runs", 1), ("running_runs_limit", 4), ("slots", 1), ("unreadable", 0)):
        assert [value for _, value in query(prometheus, f"inventory_core_{name}")] == [expected], name


def test_an_alert_of_the_file_fires(prometheus, database):
    """A set that cannot be read: the exporter goes on, and the rule finds it."""
    with psycopg.connect(dbname=database, autocommit=True) as owner:
        owner.execute(r"UPDATE inventory_core_internal.presence SET known_ids = '\x00'")
    try:
        fired = eventually(lambda: query(prometheus, 'ALERTS{alertname="InventoryUnreadable"}'))
        assert fired[0][0]["tenant_id"] == "acme" and fired[0][0]["alertstate"] == "firing"
    finally:
        with psycopg.connect(dbname=database, autocommit=True) as owner:
            owner.execute("DELETE FROM inventory_core_internal.presence")


def expressions(dashboard):
    return [target["expr"].replace("$tenant", ".*") for panel in dashboard["panels"] for target in panel["targets"]]


def test_the_dashboard_asks_for_what_there_is(prometheus):
    """Each of its queries is one for Prometheus, and gives something."""
    asked = expressions(json.loads(DASHBOARD.read_text()))
    assert len(asked) > 10
    for expression in asked:
        eventually(lambda expression=expression: query(prometheus, expression))


@pytest.mark.parametrize("file", [RULES, DASHBOARD])
def test_no_other_metric_is_named(database, file):
    named = set(re.findall(r"\b(inventory_core_\w+|sql_exporter_\w+)", file.read_text()))
    with psycopg.connect(dbname=database, user=WATCH) as watch:
        assert named - OF_THE_EXPORTER <= {name for (name,) in watch.execute("SELECT metric FROM inventory_core.metrics()")}
    assert len(named) > 5


def test_the_role_of_the_page_needs_no_more(database):
    """A reader of every tenant, who may not write."""
    with psycopg.connect(dbname=database, user=WATCH) as watch, pytest.raises(psycopg.errors.InsufficientPrivilege):
        watch.execute("SELECT inventory_core.start_run('acme', '{}')")
