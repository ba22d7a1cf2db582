"""A consumer of the feed: another program that keeps a copy of what is present in each selection.

It follows `changes_since` page by page, keeps the last change_id beside its copy, and begins anew where the feed says that it
must. Whatever the history did in between, the copy is then what the catalogue says by latest_clean.
"""

import psycopg

from contract import Disagreement

PAGE = "SELECT change_id, selection_hash, change, item_id, external_id FROM inventory_core.changes_since(%s, %s, %s)"
PRESENT = """
    SELECT p.selection_hash, id
    FROM inventory_core_internal.presence AS p
    CROSS JOIN LATERAL inventory_core_internal._bitmap_ids(
        p.chunk, inventory_core_internal._bitmap_subtract(p.known_ids, p.missing_ids)) AS id
    WHERE p.tenant_id = %s"""


class Consumer:
    def __init__(self, database, role, tenant):
        self.tenant = tenant
        self.connection = psycopg.connect(dbname=database, user=role, autocommit=True, prepare_threshold=0)
        self.place = None
        self.present = {}         # selection -> item id -> whether it is present
        self.read_only = False

    def follow(self, page):
        """Reads one page and applies it; gives the number of its rows."""
        self.read_only = not self.read_only                # a consumer may be a reader
        try:
            with self.connection.transaction():
                if self.read_only:
                    self.connection.execute("SET TRANSACTION READ ONLY")
                rows = self.connection.execute(PAGE, (self.tenant, self.place, page)).fetchall()
        except psycopg.errors.InvalidParameterValue:       # pruned, or another life of the feed
            self.begin_anew()
            return 0
        for row in rows:
            self.apply(*row)
        return len(rows)

    def apply(self, change_id, selection, change, item_id, external_id):
        if change in ("added", "reappeared", "missing"):
            items = self.present.setdefault(selection, {})
            if items.get(item_id, change == "missing") != (change == "missing"):
                raise Disagreement(f"{self.tenant}: {change} is told of {item_id} in {selection} once more")
            items[item_id] = change != "missing"
        elif change == "replaced":
            # What was told of the new hash before is of the same selection, and later than what was told of the old one.
            self.present[selection] = self.present.pop(external_id, {}) | self.present.get(selection, {})
        elif change == "forgotten" and item_id is None:
            self.present.pop(selection, None)
        elif change == "forgotten":
            for items in self.present.values():
                items.pop(item_id, None)
        self.place = change_id

    def begin_anew(self):
        with self.connection.transaction():
            self.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self.place = self.connection.execute("SELECT inventory_core.feed_end(%s)", (self.tenant,)).fetchone()[0]
            self.present = {}
            for selection, item_id in self.connection.execute(PRESENT, (self.tenant,)):
                self.present.setdefault(selection, {})[item_id] = True

    def copy(self, page):
        """The copy, once it has caught up."""
        place = self.place
        while self.follow(page) or self.place != place:
            place = self.place
        return {selection: {item_id for item_id, is_present in items.items() if is_present}
                for selection, items in self.present.items()}
