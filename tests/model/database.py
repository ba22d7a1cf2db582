"""Throw-away databases, and one connection per tenant as a plain role.

A session speaks the language of the model: run ids go in and come out as the names of the history.
"""

import itertools
import json
import os
import re
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psycopg
from psycopg import sql

from consumer import Consumer
from contract import EPOCH
from history import ALLOWED_META, HASHES, STALE, TENANTS
from records import Settings

SETTINGS = Settings(shrink_guard_min_items=4, expected_tolerance=0.25, allowed_meta=ALLOWED_META)

CALLS = {
    "start_run": """SELECT to_jsonb(r) || jsonb_build_object('retry_after', r.retry_after > '0'::interval)
        FROM inventory_core.start_run(%(tenant)s, %(selection)s::jsonb, %(correlation_id)s::text, %(request_id)s::uuid,
                                      %(lease)s::interval, %(min_age)s::interval,
                                      mode => %(mode)s, policy_types => %(policy_types)s::text[]) r""",
    "upsert_items": """SELECT to_jsonb(r)
        FROM inventory_core.upsert_items(%(tenant)s, %(run)s::uuid, %(items)s::json, %(on_bad_item)s) r""",
    "remove_items": "SELECT to_jsonb(r) FROM inventory_core.remove_items(%(tenant)s, %(run)s::uuid, %(items)s::json) r",
    "heartbeat": "SELECT to_jsonb(inventory_core.heartbeat(%(tenant)s, %(run)s::uuid))",
    "record_error": """SELECT NULL::jsonb FROM inventory_core.record_error(%(tenant)s, %(run)s::uuid,
        %(error_code)s::text, %(message)s::text, %(http_status)s::integer, %(policy_type)s::text)""",
    "finish_run": """SELECT to_jsonb(r)
        FROM inventory_core.finish_run(%(tenant)s, %(run)s::uuid, %(status)s, %(expected_items)s::bigint,
                                       accept_shrink => %(accept_shrink)s,
                                       cursor => %(cursor)s) r""",
    "reap_expired_runs": "SELECT to_jsonb(inventory_core.reap_expired_runs(%(tenant)s))",
    "forget_items": """SELECT to_jsonb(inventory_core.forget_items(%(tenant)s, ARRAY(
        SELECT item_id FROM inventory_core.inventory_items(%(tenant)s)
        JOIN unnest(%(types)s::text[], %(ids)s::text[]) AS k (policy_type, external_id)
            USING (policy_type, external_id))))""",
    "prune_runs": "SELECT to_jsonb(inventory_core.prune_runs(%(tenant)s, %(keep)s::interval, %(keep_last)s::integer))",
    "forget_missing": """SELECT to_jsonb(inventory_core.forget_missing(
        %(tenant)s, %(hash)s, %(min_missed_runs)s::integer, %(min_age)s::interval, %(dry_run)s))""",
    "forget_tenant": "SELECT to_jsonb(inventory_core.forget_tenant(%(tenant)s))",
    "rename_item": """SELECT NULL::jsonb FROM inventory_core.rename_item(%(tenant)s, coalesce(
        (SELECT item_id FROM inventory_core.inventory_items(%(tenant)s) WHERE policy_type = %(old_type)s AND external_id = %(old_id)s), 0),
        %(new_type)s, %(new_id)s)""",
    "replace_selection": "SELECT to_jsonb(inventory_core.replace_selection(%(tenant)s, %(hash)s, %(selection)s::jsonb))",
    "forget_selection": "SELECT to_jsonb(inventory_core.forget_selection(%(tenant)s, %(hash)s))",
    "forget_orphans": "SELECT to_jsonb(inventory_core.forget_orphans(%(tenant)s, %(dry_run)s))",
    "set_clock": "SELECT NULL::jsonb FROM set_config('inventory_core.clock', %(to)s::text, false)",
}

# Every answer of a tenant, whole, in one round trip. Times and ids travel as jsonb shows them.
ANSWERS = """
WITH asked AS (
    SELECT hash, baseline
    FROM unnest(%(hashes)s::text[]) AS hash, unnest(ARRAY['latest', 'latest_clean']) AS baseline)
SELECT jsonb_build_object(
    'inventory_items', (SELECT jsonb_agg(to_jsonb(i) ORDER BY i.item_id)
        FROM inventory_core.inventory_items(%(tenant)s) AS i),
    'inventory_sync_runs', (SELECT jsonb_agg(to_jsonb(r)) FROM inventory_core.inventory_sync_runs(%(tenant)s) AS r),
    'inventory_sync_errors', (SELECT jsonb_agg(to_jsonb(e) - '{error_no,message}'::text[])
        FROM inventory_core.inventory_sync_errors(%(tenant)s) AS e),
    'inventory_selections', (SELECT jsonb_agg(to_jsonb(s)) FROM inventory_core.inventory_selections(%(tenant)s) AS s),
    'missing_items', (SELECT jsonb_agg(jsonb_build_array(hash, baseline, to_jsonb(m) - 'ordinality')
                                       ORDER BY hash, baseline, m.ordinality)
        FROM asked, inventory_core.missing_items(%(tenant)s, hash, baseline) WITH ORDINALITY AS m),
    'missing_summary', (SELECT jsonb_agg(jsonb_build_array(hash, baseline, to_jsonb(m) - 'ordinality')
                                         ORDER BY hash, baseline, m.ordinality)
        FROM asked, inventory_core.missing_summary(%(tenant)s, hash, baseline) WITH ORDINALITY AS m),
    'selection_status', (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.selection_hash)
        FROM unnest(%(all_hashes)s::text[]) AS hash, inventory_core.selection_status(%(tenant)s, hash) AS s),
    'type_counts', (SELECT jsonb_agg(jsonb_build_array(hash, to_jsonb(t) - 'ordinality') ORDER BY hash, t.ordinality)
        FROM unnest(%(hashes)s::text[]) AS hash,
             inventory_core.type_counts(%(tenant)s, hash) WITH ORDINALITY AS t),
    'run_progress', (SELECT jsonb_agg(jsonb_build_object('run_id', p.run_id, 'observed', p.observed,
                                                         'previous_total', p.previous_total))
        FROM inventory_core.run_progress(%(tenant)s) AS p),
    'explain_missing', (SELECT jsonb_agg(jsonb_build_array(asked, to_jsonb(m) - 'ordinality')
                                         ORDER BY asked, m.ordinality)
        FROM unnest(%(item_hashes)s::text[], %(types)s::text[], %(ids)s::text[])
             WITH ORDINALITY AS q (hash, policy_type, external_id, asked),
             inventory_core.explain_missing(%(tenant)s, hash, policy_type, external_id) WITH ORDINALITY AS m),
    'run_changes', (SELECT jsonb_agg(jsonb_build_array(run, to_jsonb(c) - 'ordinality') ORDER BY asked, c.ordinality)
        FROM unnest(%(runs)s::uuid[]) WITH ORDINALITY AS q (run, asked),
             inventory_core.run_changes(%(tenant)s, run) WITH ORDINALITY AS c),
    'present_items', (SELECT jsonb_agg(jsonb_build_array(hash, to_jsonb(p) - 'ordinality') ORDER BY hash, p.ordinality)
        FROM unnest(%(hashes)s::text[]) AS hash,
             inventory_core.present_items(%(tenant)s, hash) WITH ORDINALITY AS p),
    'gone_items', (SELECT jsonb_agg(to_jsonb(g) - 'ordinality' ORDER BY g.ordinality)
        FROM inventory_core.gone_items(%(tenant)s) WITH ORDINALITY AS g),
    'item_presence', (SELECT jsonb_agg(jsonb_build_array(asked, to_jsonb(p) - 'ordinality') ORDER BY asked, p.ordinality)
        FROM unnest(%(types)s::text[], %(ids)s::text[]) WITH ORDINALITY AS q (policy_type, external_id, asked),
             inventory_core.item_presence(%(tenant)s, policy_type, external_id) WITH ORDINALITY AS p),
    'stale_selections', (SELECT jsonb_agg(to_jsonb(s)) FROM inventory_core.stale_selections(%(stale)s, %(tenant)s) AS s)
)::text"""

VIEWS = {"inventory_items": "item_id", "inventory_sync_runs": "run_id", "inventory_sync_errors": "run_id, error_no",
         "inventory_selections": "selection_hash", "run_progress": "run_id"}      # and what orders their rows
VIEW_LIKE_TWIN = """SELECT (SELECT jsonb_agg(v ORDER BY {key}) FROM inventory_core.{view} AS v)
    IS NOT DISTINCT FROM (SELECT jsonb_agg(t ORDER BY {key}) FROM inventory_core.{view}(%(tenant)s) AS t)"""

UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
UNKNOWN = "nobody"


class Session:
    """One tenant's connection. `names` maps run ids to names and is shared by all sessions of a history."""

    def __init__(self, database, role, tenant, names):
        self.tenant = tenant
        self.names = names
        self.connection = psycopg.connect(
            dbname=database, user=role, autocommit=True, prepare_threshold=0,
            options="-c timezone=UTC -c lock_timeout=10s")     # a call that waits for the other tenant fails here
        self.consumer = Consumer(database, role, tenant)
        self.execute("SELECT inventory_core.current_tenant()", {})   # loads the library, so its settings are known
        self.call("set_clock", {"to": EPOCH})

    def connections(self):
        return self.connection, self.consumer.connection

    def close(self):
        for connection in self.connections():
            connection.close()

    def execute(self, statement, args):
        row = self.connection.execute(statement, args).fetchone()
        return row and row[0]

    def statement(self, text):
        self.connection.execute(text)

    def run_id(self, name):
        """The uuid of a run of the history; one that exists nowhere for a name that never got one."""
        ids = {known: run_id for run_id, known in self.names.items()}
        return ids.get(name) or str(uuid.uuid5(uuid.NAMESPACE_URL, name))

    def call(self, kind, args):
        """The row or value that the call gives, with names for run ids."""
        args = dict(args, tenant=self.tenant)
        if kind == "follow":
            self.consumer.follow(args["page"])
            return None
        if kind == "nonsense":
            return self.execute(args.pop("statement"), args)
        if "run" in args:
            args["run"] = self.run_id(args["run"])
        if isinstance(args.get("policy_types"), tuple):
            args["policy_types"] = list(args["policy_types"])
        args = {"mode": "full", "policy_types": None, "cursor": None, "accept_shrink": False, **args}
        if "selection" in args:
            args["selection"] = json.dumps(args["selection"])
        if "items" in args:
            args["items"] = json.dumps(args["items"])
        if kind == "rename_item":
            (args["old_type"], args["old_id"]), (args["new_type"], args["new_id"]) = args["key"], args["to"]
        if "keys" in args:
            args["types"], args["ids"] = (list(column) for column in zip(*args["keys"]))
        result = self.execute(CALLS[kind], args)
        if kind == "start_run" and result["run_id"] is not None:
            self.names.setdefault(result["run_id"], args["name"])
        return self.named(json.dumps(result))

    def answers(self, selections, items, runs):
        """All answers of `selections`; explain_missing for `items` (hash, policy_type, external_id), run_changes for `runs`."""
        hashes, types, ids = (list(column) for column in zip(*items)) if items else ([], [], [])
        args = {"tenant": self.tenant, "hashes": selections, "all_hashes": list(HASHES), "item_hashes": hashes, "types": types, "ids": ids,
                "runs": [self.run_id(name) for name in runs], "stale": STALE}
        return self.named(self.execute(ANSWERS, args))

    def views_unlike_their_twins(self):
        args = {"tenant": self.tenant}
        with self.connection.transaction():
            self.execute("SELECT inventory_core.set_tenant(%(tenant)s)", args)   # a view needs it from before
            return [view for view, key in VIEWS.items()
                    if not self.execute(VIEW_LIKE_TWIN.format(view=view, key=key), args)]

    def named(self, text):
        return json.loads(UUID.sub(lambda found: self.names.get(found[0], found[0]), text))


@dataclass
class Template:
    """A database with the extension, the grants and the whitelist, to be copied for each history."""
    database: str
    roles: dict             # tenant -> its plain role
    settings: Settings
    missing_kinds: tuple    # steps whose function does not exist yet


@contextmanager
def admin(database="postgres"):
    with psycopg.connect(dbname=database, autocommit=True) as connection:
        yield connection


def run_as_admin(connection, statement, *identifiers):
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, identifiers)))


@contextmanager
def template():
    suffix = os.getpid()
    roles = {tenant: f'model "{tenant}" {suffix}' for tenant in TENANTS}
    database = f"model template {suffix}"
    with admin() as server:
        run_as_admin(server, "CREATE DATABASE {}", database)
        for role in roles.values():
            run_as_admin(server, "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS", role)
    try:
        with admin(database) as owner:
            owner.execute("CREATE EXTENSION inventory_core")
            for tenant, role in roles.items():
                owner.execute("SELECT inventory_core.grant_access(quote_ident(%s)::regrole, %s, 'maintainer')",
                              (role, tenant))
                run_as_admin(owner, "GRANT SET ON PARAMETER inventory_core.clock TO {}", role)
            for policy_type, keys in ALLOWED_META.items():
                owner.execute("SELECT inventory_core.allow_meta(%s, VARIADIC %s)", (policy_type, sorted(keys)))
            forget, redact = owner.execute("""
                SELECT to_regprocedure('inventory_core.forget_items(text,bigint[])') IS NOT NULL,
                       to_regprocedure('inventory_core.redact(text)') IS NOT NULL""").fetchone()
        settings = replace(SETTINGS, keeps_upstream_code=redact)
        yield Template(database, roles, settings, () if forget else ("forget_items",))
    finally:
        with admin(database) as owner:
            for role in roles.values():
                run_as_admin(owner, "DROP OWNED BY {}", role)
        with admin() as server:
            run_as_admin(server, "DROP DATABASE {} WITH (FORCE)", database)
            for role in roles.values():
                run_as_admin(server, "DROP ROLE {}", role)


COPIES = itertools.count(1)


@contextmanager
def scratch(prepared, change=None):
    """Sessions of both tenants in a fresh copy; `change(connection)` may break the copy first, as superuser."""
    database = f"model copy {os.getpid()} {next(COPIES)}"
    with admin() as server:
        run_as_admin(server, "CREATE DATABASE {} TEMPLATE {}", database, prepared.database)
        # settings of a database do not come with its template; limits have tests of their own
        for setting, value in (("max_running_runs", -1), ("max_running_runs_per_tenant", -1),
                               ("shrink_guard", SETTINGS.shrink_guard),
                               ("shrink_guard_min_items", SETTINGS.shrink_guard_min_items),
                               ("expected_tolerance", SETTINGS.expected_tolerance)):
            run_as_admin(server, f"ALTER DATABASE {{}} SET inventory_core.{setting} = {value}", database)
    sessions = {}
    try:
        if change:
            with admin(database) as owner:
                change(owner)
        names = {}
        for tenant, role in prepared.roles.items():
            sessions[tenant] = Session(database, role, tenant, names)
        yield sessions
    finally:
        for session in sessions.values():
            session.close()
        with admin() as server:
            run_as_admin(server, "DROP DATABASE {} WITH (FORCE)", database)
