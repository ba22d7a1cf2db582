"""Everything that a role may read or call in our schema, as the catalogue lists it, with arguments to call it with."""

import itertools
import json
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from scene import A, B, bind, value

AT_MOST = 24        # argument lists of one function; of more there is a sample


def readable(world, tenant):
    with world.admin() as owner:
        return [row[0] for row in owner.execute("""
            SELECT c.oid::regclass::text FROM pg_class AS c
            WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind IN ('r', 'v', 'p', 'm', 'f', 'S')
              AND has_any_column_privilege(%s, c.oid, 'SELECT') ORDER BY 1""", (world.roles[tenant],))]


def callable_functions(world, tenant):
    """(name, [(argument, type)]) of every function that the role may execute."""
    with world.admin() as owner:
        rows = owner.execute("""
            SELECT p.proname::text, coalesce(p.proargnames, '{}')::text[], array(
                   SELECT format_type(t.oid, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS a (oid, n)
                   JOIN pg_type AS t USING (oid) ORDER BY a.n)
            FROM pg_proc AS p
            WHERE p.pronamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND p.prokind IN ('f', 'p')
              AND p.prorettype <> 'trigger'::regtype AND has_function_privilege(%s, p.oid, 'EXECUTE')
            ORDER BY p.oid::regprocedure::text""", (world.roles[tenant],)).fetchall()
    return [(name, list(zip(arguments, types))) for name, arguments, types in rows]


class Arguments:
    """Plausible values: a knows b's name, run ids, hashes and item ids, but none of its texts."""

    def __init__(self, world):
        with world.admin() as owner:
            runs = value(owner, "SELECT jsonb_agg(to_jsonb(r) - 'correlation_id' - 'scope') "
                                "FROM inventory_core_internal.sync_runs AS r WHERE tenant_id = ANY (%s)", ([A, B],))
        hashes = [*world.hashes[A][:1], *world.hashes[B], "*"]
        self.by_name = {
            "tenant": [A, B],
            "run_id": [*world.runs[B].values(), world.runs[A]["running"], world.runs[A]["success"]],
            "selection_hash": hashes, "into_selection": hashes, "hash": hashes,
            "baseline": ["latest", "latest_clean"], "on_bad_item": ["record", "reject_batch"],
            "status": ["success", "failed"], "error_code": ["timeout"], "policy_type": ["alpha disk"],
            "external_id": ["alpha 1"], "scope": ["*", "scope alpha"], "access": ["maintainer"],
            "needed": ["reader", "writer", "maintainer"],
            "items": ['[{"policy_type": "alpha disk", "external_id": "alpha 1"}]']}
        self.by_type = {
            "text": ["alpha", None], "name": [world.roles[B], world.roles[A]], "oid": [10, 0], "boolean": [True],
            "uuid": self.by_name["run_id"], "uuid[]": [[]], "integer": [0, 1, 500], "bigint": [1, 3], "double precision": [0.5],
            "bigint[]": [[1, 2, 3, 7]], "integer[]": [[0, 1]], "text[]": [["alpha", "owner"]],
            "interval": ["1 hour"], "timestamp with time zone": ["2030-01-01", "2020-01-01"],
            "json": self.by_name["items"], "jsonb": ['{"list": "alpha"}'],
            "bytea": [b"", None], "bytea[]": [[b""]], "regrole": ["postgres"], "regclass": ["inventory_core_internal.items"],
            "inventory_core_internal.sync_runs": [json.dumps(run) for run in runs]}

    def lists_for(self, signature):
        """Argument lists of one function, each value of each argument in at least one of them."""
        lists = []
        for name, of_type in signature:
            given = self.by_name.get(name) if of_type in ("text", "uuid", "json") else None
            lists.append(given or self.by_type[of_type])      # KeyError: a type that no function had so far
        every = list(itertools.product(*lists))
        return every if len(every) <= AT_MOST else every[::len(every) // AT_MOST + 1] + across(lists)


def across(lists):
    """Each value of each argument once, where the others have their first one."""
    first = tuple(values[0] for values in lists)
    return [first[:at] + (given,) + first[at + 1:] for at, values in enumerate(lists) for given in values]


def expression(name, signature, arguments):
    """schema.name(value::type, …) with the values as literals, so that a plan shows them, too."""
    rendered = []
    for (_, of_type), given in zip(signature, arguments):
        if of_type == "inventory_core_internal.sync_runs":
            rendered.append(sql.SQL("jsonb_populate_record(NULL::inventory_core_internal.sync_runs, {})").format(given))
        else:
            rendered.append(sql.SQL("{}::" + of_type).format(given))
    schema = "inventory_core_internal" if name.startswith("_") else "inventory_core"
    return sql.SQL("{}({})").format(sql.Identifier(schema, name), sql.SQL(", ").join(rendered))


@dataclass
class Told:
    """All that a session was told, and by what statement."""
    lines: list = field(default_factory=list)
    calls: int = 0
    answered: int = 0

    def note(self, source, what):
        self.lines.append((source, str(what)))

    def mentioning(self, word):
        return sorted({(source, line[:300]) for source, line in self.lines if word in line})


def listen(world, tenant, binds, statements):
    """Runs each (source, statement) of a tenant's role on its own, undone at once."""
    told = Told()
    with world.connect(tenant) as connection:
        connection.add_notice_handler(lambda notice: note_diagnosis(told, "notice", notice))
        for source, statement in statements:
            told.calls += 1
            try:
                with connection.transaction(force_rollback=True):
                    if binds:
                        bind(connection, tenant)
                    for row in connection.execute(statement).fetchall():
                        told.note(source, row)
                    told.answered += 1
            except psycopg.Error as raised:
                note_diagnosis(told, source, raised.diag)
    return told


def note_diagnosis(told, source, diagnosis):
    for part in ("sqlstate", "message_primary", "message_detail", "message_hint", "context", "internal_query",
                 "table_name", "column_name", "constraint_name", "datatype_name"):
        told.note(source, getattr(diagnosis, part))
