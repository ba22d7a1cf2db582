"""All that a tenant can be told, by every view and every reading function, to be compared between two places.

Whoever adds a reading function is told here to add it: `every_answer` fails on one that it does not know.
"""

from psycopg import sql

CLOCK = "2031-05-04 03:02:01+00"        # what depends on the time depends on this one
NO_ANSWERS = {"clear_tenant", "current_tenant", "set_tenant", "doctor", "granted_tenants", "tenants", "metrics"}

VIEWS = ("inventory_items", "inventory_sync_runs", "inventory_sync_errors", "inventory_selections", "run_progress")

READING_FUNCTIONS = """
SELECT p.proname::text FROM pg_proc AS p
WHERE p.pronamespace = 'inventory_core'::regnamespace AND p.provolatile = 's' AND p.proname !~ '^_'"""

# Arguments come from the tables by way of the tenant's own views; $1 is the tenant.
FUNCTIONS = {
    **{view: f"SELECT a FROM inventory_core.{view}(%(tenant)s) AS a" for view in VIEWS},
    "missing_items": """SELECT s.selection_hash, b, a
        FROM inventory_core.inventory_selections(%(tenant)s) AS s, unnest('{latest,latest_clean}'::text[]) AS b,
             inventory_core.missing_items(%(tenant)s, s.selection_hash, b) AS a WHERE s.first_run_at IS NOT NULL""",
    "missing_summary": """SELECT s.selection_hash, b, a
        FROM inventory_core.inventory_selections(%(tenant)s) AS s, unnest('{latest,latest_clean}'::text[]) AS b,
             inventory_core.missing_summary(%(tenant)s, s.selection_hash, b) AS a WHERE s.first_run_at IS NOT NULL""",
    "explain_missing": """SELECT s.selection_hash, i.item_id, a
        FROM inventory_core.inventory_selections(%(tenant)s) AS s, inventory_core.inventory_items(%(tenant)s) AS i,
             inventory_core.explain_missing(%(tenant)s, s.selection_hash, i.policy_type, i.external_id) AS a
        WHERE s.first_run_at IS NOT NULL""",
    "type_counts": """SELECT s.selection_hash, a FROM inventory_core.inventory_selections(%(tenant)s) AS s,
             inventory_core.type_counts(%(tenant)s, s.selection_hash) AS a WHERE s.first_run_at IS NOT NULL""",
    "selection_status": """SELECT a FROM inventory_core.inventory_selections(%(tenant)s) AS s,
             inventory_core.selection_status(%(tenant)s, s.selection_hash) AS a""",
    "run_changes": """SELECT r.run_id, a FROM inventory_core.inventory_sync_runs(%(tenant)s) AS r,
             inventory_core.run_changes(%(tenant)s, r.run_id) AS a""",
    "feed_end": "SELECT inventory_core.feed_end(%(tenant)s)",
    "changes_since": """SELECT a FROM inventory_core.changes_since(%(tenant)s, (
        SELECT inventory_core_internal._change_id(p.feed_no, p.entry_id, p.change_no, p.item_id)
        FROM inventory_core_internal.feed_pruned AS p WHERE p.tenant_id = %(tenant)s)) AS a""",
    "present_items": """SELECT s.selection_hash, a FROM inventory_core.inventory_selections(%(tenant)s) AS s,
             inventory_core.present_items(%(tenant)s, s.selection_hash) AS a WHERE s.first_run_at IS NOT NULL""",
    "item_presence": """SELECT i.item_id, a FROM inventory_core.inventory_items(%(tenant)s) AS i,
             inventory_core.item_presence(%(tenant)s, i.policy_type, i.external_id) AS a""",
    "gone_items": "SELECT a FROM inventory_core.gone_items(%(tenant)s) AS a",
    "stale_selections": "SELECT a FROM inventory_core.stale_selections('1 day', %(tenant)s) AS a",
    "cooling_down": """SELECT c.scope, inventory_core.cooling_down(%(tenant)s, c.scope) FROM inventory_core_internal.cooldowns AS c
        WHERE c.tenant_id = %(tenant)s""",
}


def every_answer(connection, role, tenant, begin="BEGIN"):
    """As `role`, through a superuser's connection, which may set the clock. Gives {name: sorted rows}."""
    unknown = {name for (name,) in connection.execute(READING_FUNCTIONS)} - set(FUNCTIONS) - NO_ANSWERS
    assert not unknown, f"reading functions that nobody compares: {unknown}"
    connection.execute("SELECT inventory_core.current_tenant()")      # loads the library, so the setting is known
    connection.execute(sql.SQL("SET inventory_core.clock = {}").format(CLOCK))
    connection.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(sql.Identifier(role)))
    try:
        answers = {name: rows(connection, f"SELECT inventory_core.{name}()", begin, tenant)
                   for name in ("granted_tenants", "tenants")}
        for name, statement in FUNCTIONS.items():
            answers[name] = rows(connection, statement, begin, tenant)
        for view in VIEWS:
            answers[f"view {view}"] = rows(connection, f"SELECT v FROM inventory_core.{view} AS v", begin, tenant, bind=True)
        return answers
    finally:
        connection.execute("RESET SESSION AUTHORIZATION")
        connection.execute("RESET inventory_core.clock")


def rows(connection, statement, begin, tenant, bind=False):
    connection.execute(begin)
    try:
        if bind or "inventory_core_internal" in statement:
            connection.execute("SELECT inventory_core.set_tenant(%s)", (tenant,))
        parameters = {"tenant": tenant} if "%(tenant)s" in statement else None
        return sorted(connection.execute(statement, parameters).fetchall(), key=repr)
    finally:
        connection.execute("ROLLBACK")
