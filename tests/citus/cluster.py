"""A coordinator and two workers of Citus, where the server has it; and a plain server to compare with."""

import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path

from psycopg import sql

from own_server import BINDIR, own_server

DATABASE = "scale"
SETTINGS = {"shared_preload_libraries": "'citus'", "max_prepared_transactions": 50, "max_connections": 60,
            "citus.local_hostname": "'{folder}'", "citus.enable_statistics_collection": "off"}


def has_citus():
    folder = subprocess.check_output([f"{BINDIR}/pg_config", "--sharedir"], text=True).strip()
    return Path(folder, "extension", "citus.control").exists()


class Node:
    def __init__(self, name, server):
        self.name, self.server = name, server

    def connect(self, user="postgres", **options):
        return self.server.connect(user=user, dbname=DATABASE, **options)

    def ask(self, statement, *args, user="postgres"):
        with self.connect(user) as connection:
            return connection.execute(statement, args or None).fetchall()

    def do(self, statement, *args, user="postgres"):
        with self.connect(user) as connection:
            connection.execute(statement, args or None)

    @property
    def address(self):
        return f"{self.server.folder}:5432"


class Cluster:
    def __init__(self, nodes, plain):
        self.nodes, self.plain = nodes, plain
        self.coordinator, *self.workers = nodes

    def make_role(self, role):
        """Citus creates it on the workers."""
        for node in (self.coordinator, self.plain):
            node.do(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS").format(sql.Identifier(role)))

    def home_of(self, tenant):
        """The node whose range has the tenant."""
        (home,) = [node for node in self.nodes if node.ask(
            "SELECT EXISTS (SELECT FROM inventory_core_internal.home_ranges WHERE hashtext(%s) BETWEEN lo AND hi)", tenant)[0][0]]
        return home


@contextmanager
def cluster():
    with ExitStack() as stack:
        nodes = []
        for name in ("coordinator", "worker 1", "worker 2"):
            nodes.append(Node(name, stack.enter_context(own_server(**SETTINGS))))
        plain = Node("plain", stack.enter_context(own_server()))
        for node in [*nodes, plain]:
            with node.server.connect() as owner:
                owner.execute(f"CREATE DATABASE {DATABASE}")
        for node in nodes:
            node.do("CREATE EXTENSION citus")
        coordinator = nodes[0]
        coordinator.do("SELECT citus_set_coordinator_host(%s, 5432)", str(coordinator.server.folder))
        for node in nodes[1:]:
            coordinator.do("SELECT citus_add_node(%s, 5432)", str(node.server.folder))
        for node in (coordinator, plain):
            node.do("CREATE EXTENSION inventory_core")
        coordinator.do("CALL inventory_core.distribute(8)")
        found = Cluster(nodes, plain)
        for node in (coordinator, plain):
            node.do("SELECT inventory_core.allow_meta('*', 'owner')")
        yield found
