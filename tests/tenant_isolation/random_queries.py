"""Random statements over the tables and views with a tenant: an endless supply, the same ones for the same seed.

Literals are kept apart from the text, so that a statement can be run as it is or prepared with parameters.
"""

import random
from dataclasses import dataclass, field

import scene

SETTINGS = {
    **dict.fromkeys(("enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan", "enable_seqscan", "enable_tidscan",
                     "enable_hashjoin", "enable_mergejoin", "enable_nestloop", "enable_memoize", "enable_material",
                     "enable_sort", "enable_hashagg", "enable_incremental_sort"), ("off",)),
    "constraint_exclusion": ("on", "off"), "plan_cache_mode": ("force_generic_plan", "force_custom_plan"),
    "join_collapse_limit": ("1",), "from_collapse_limit": ("1",), "geqo_threshold": ("2",), "work_mem": ("64kB",),
    "random_page_cost": ("0", "1000"), "seq_page_cost": ("0",), "cpu_tuple_cost": ("0", "100"),
    "cpu_index_tuple_cost": ("100",), "cursor_tuple_fraction": ("0.0001", "1"), "effective_cache_size": ("8kB",)}
WORKERS = {"min_parallel_table_scan_size": "0", "min_parallel_index_scan_size": "0", "parallel_setup_cost": "0",
           "parallel_tuple_cost": "0", "max_parallel_workers_per_gather": "2"}
MERGEABLE = ("text", "uuid", "bigint", "integer", "timestamp with time zone", "boolean", "tid")
COMPARISONS = ("=", "=", "=", "<>", "<", ">", "<=", ">=")


@dataclass
class Statement:
    text: str                   # with {0}, {1}, … for the literals
    literals: list              # (value as SQL text, type)
    settings: dict
    way: str                    # 'plain', 'prepared' or 'cursor'
    kind: str

    def inline(self):
        return self.text.format(*(f"{value}::{of_type}" for value, of_type in self.literals))

    def prepare(self, name):
        types = ", ".join(of_type for _, of_type in self.literals)
        return f"PREPARE {name}{f' ({types})' if types else ''} AS " + \
            self.text.format(*(f"${n + 1}" for n in range(len(self.literals))))

    def execute(self, name):
        values = ", ".join(value for value, _ in self.literals)
        return f"EXECUTE {name}{f' ({values})' if values else ''}"


@dataclass
class Source:
    alias: str
    columns: list               # (name, type)
    is_table: bool = False


@dataclass
class Random:
    relations: dict             # name -> [(column, type)]; a table has the column ctid
    samples: dict               # column or type -> values of all tenants, as SQL text
    leaky: str                  # a cheap function of text that is not leakproof
    seed: int
    literals: list = field(default_factory=list)
    aliases: int = 0

    def __post_init__(self):
        self.rng = random.Random(self.seed)
        self.tables = [name for name, columns in self.relations.items() if ("ctid", "tid") in columns]

    def statement(self):
        self.literals, self.aliases = [], 0
        settings = {name: self.rng.choice(values) for name, values in SETTINGS.items() if self.rng.random() < 0.12}
        if self.rng.random() < 0.2:
            settings |= WORKERS
        kind = self.rng.choices((self.select, self.aggregate, self.set_operation, self.locking, self.minmax, self.change),
                                (6, 3, 3, 2, 1, 3))[0]
        text = kind()
        ways = ("plain", "prepared", "cursor") if kind in (self.select, self.aggregate, self.set_operation) else \
            ("plain", "prepared")
        return Statement(text, list(self.literals), settings, self.rng.choice(ways), kind.__name__)

    # --- pieces -----------------------------------------------------------------------------------------------

    def alias(self):
        self.aliases += 1
        return f"t{self.aliases}"

    def literal(self, of_type, column=None):
        values = self.samples.get((column, of_type)) or self.samples.get(of_type) or ["NULL"]
        self.literals.append((self.rng.choice(values), of_type))
        return "{%d}" % (len(self.literals) - 1)

    def relation(self, name=None):
        name = name or self.rng.choice(list(self.relations))
        source = Source(self.alias(), self.relations[name], name in self.tables)
        return f"{scene.qualified(name)} AS {source.alias}", source

    def source(self, depth):
        """An entry of FROM: a table or view, a subquery, or several tables one after the other."""
        choice = self.rng.random()
        if depth == 0 or choice < 0.7:
            return self.relation()
        if choice < 0.85:
            text, columns = self.subquery(depth - 1)
        else:
            parts = [self.narrow("tenant_id", "text") for _ in range(self.rng.randint(2, 3))]
            text, columns = " UNION ALL ".join(parts), [("tenant_id", "text"), ("one", "text")]
        source = Source(self.alias(), columns)
        return f"({text}) AS {source.alias}", source

    def narrow(self, *column):
        """SELECT of that column and another as text, with no clause of its own that would keep it from being merged."""
        entry, source = self.relation()
        other = self.rng.choice([name for name, _ in source.columns if name != "ctid"])
        return f"SELECT {source.alias}.{column[0]}, {source.alias}.{other}::text AS one FROM {entry}"

    def subquery(self, depth):
        entry, source = self.source(depth)
        chosen = self.rng.sample(source.columns, min(len(source.columns), self.rng.randint(2, 4)))
        names = ", ".join(f"{source.alias}.{name} AS c{n}" for n, (name, _) in enumerate(chosen))
        text = f"SELECT {self.rng.choice(('', '', 'DISTINCT '))}{names} FROM {entry}{self.where([source], depth)}"
        text += self.rng.choice(("", "", " OFFSET 0"))
        return text, [(f"c{n}", of_type) for n, (_, of_type) in enumerate(chosen)]

    def where(self, sources, depth):
        count = self.rng.choice((0, 0, 1, 1, 1, 2, 3))
        if count == 0:
            return ""
        parts = [self.predicate(sources, depth) for _ in range(count)]
        return " WHERE " + self.rng.choice((" AND ", " AND ", " OR ")).join(f"({part})" for part in parts)

    def predicate(self, sources, depth):
        source = self.rng.choice(sources)
        name, of_type = self.rng.choice(source.columns)
        column = f"{source.alias}.{name}"
        choice = self.rng.random()
        if choice < 0.1:
            return f"{self.leaky}({column}::text)"
        if choice < 0.17:
            return f"{column} IS {self.rng.choice(('', 'NOT '))}NULL"
        if choice < 0.25:
            return f"{column}::text LIKE {self.literal('text', name)}"
        if choice < 0.45 and depth > 0:
            return self.sublink(column, of_type, depth)
        if of_type not in MERGEABLE:
            return f"{column}::text = {self.literal('text')}"
        if choice < 0.55:
            return f"{column} IN ({self.literal(of_type, name)}, {self.literal(of_type, name)})"
        same = [f"{other.alias}.{n}" for other in sources for n, t in other.columns if t == of_type]
        return f"{column} {self.rng.choice(COMPARISONS)} " + \
            (self.rng.choice(same) if choice < 0.65 else self.literal(of_type, name))

    def sublink(self, column, of_type, depth):
        entry, source = self.source(depth - 1)
        same = [f"{source.alias}.{name}" for name, t in source.columns if t == of_type and t in MERGEABLE]
        if not same:
            return f"{self.rng.choice(('', 'NOT '))}EXISTS (SELECT FROM {entry}{self.where([source], 0)})"
        inner = self.rng.choice(same)
        return self.rng.choice((
            f"EXISTS (SELECT FROM {entry} WHERE {inner} = {column})",
            f"NOT EXISTS (SELECT FROM {entry} WHERE {inner} = {column})",
            f"{column} IN (SELECT {inner} FROM {entry}{self.where([source], 0)})",
            f"{column} NOT IN (SELECT {inner} FROM {entry}{self.where([source], 0)})",
            f"(SELECT count(*) FROM {entry} WHERE {inner} = {column}) > 1"))

    def joined(self, depth):
        text, source = self.source(depth)
        sources = [source]
        for _ in range(self.rng.choice((0, 1, 1, 2))):
            entry, added = self.source(depth - 1)
            pairs = [(f"{s.alias}.{n}", f"{added.alias}.{m}") for s in sources for n, t in s.columns
                     for m, u in added.columns if t == u and t in MERGEABLE]
            if not pairs:
                continue
            named = [pair for pair in pairs if pair[0].split(".")[1] == pair[1].split(".")[1]]
            one, other = self.rng.choice(named if named and self.rng.random() < 0.6 else pairs)
            how = self.rng.choice(("JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LATERAL"))
            if how == "LATERAL":
                inner = self.alias()
                text += f" CROSS JOIN LATERAL (SELECT * FROM {entry} WHERE {one} = {other} LIMIT 100) AS {inner}"
                added = Source(inner, [column for column in added.columns if column[0] != "ctid"])
            else:
                more = "" if how == "FULL JOIN" or self.rng.random() < 0.7 else f" AND {self.predicate([added], 0)}"
                text += f" {how} {entry} ON {one} = {other}{more}"
            sources.append(added)
        return text, sources

    # --- statements -------------------------------------------------------------------------------------------

    def select(self):
        text, sources = self.joined(2)
        columns = [f"{s.alias}.{n}::text" for s in sources for n, _ in s.columns]
        columns = self.rng.sample(columns, min(len(columns), 5))
        query = f"SELECT {', '.join(columns)} FROM {text}{self.where(sources, 2)}"
        if self.rng.random() < 0.3:
            query += f" ORDER BY {', '.join(str(n + 1) for n in range(len(columns)))} LIMIT {self.rng.randint(1, 20)}"
        return query if self.rng.random() < 0.85 else \
            f"WITH q AS {self.rng.choice(('', 'NOT ', ''))}MATERIALIZED ({query}) SELECT * FROM q"

    def aggregate(self):
        text, sources = self.joined(1)
        one, other = (self.rng.choice([f"{s.alias}.{n}" for s in sources for n, _ in s.columns]) for _ in range(2))
        return f"SELECT {one}::text, count(*), count(DISTINCT {other}::text), min({other}::text), max({other}::text) " \
            f"FROM {text}{self.where(sources, 1)} GROUP BY {one}::text" + \
            self.rng.choice(("", " HAVING count(*) > 1"))

    def set_operation(self):
        parts = [self.narrow("tenant_id", "text") for _ in range(self.rng.randint(2, 3))]
        return self.rng.choice((" UNION ", " UNION ALL ", " INTERSECT ", " EXCEPT ", " EXCEPT ALL ")).join(parts)

    def minmax(self):
        entry, source = self.relation()
        names = [name for name, of_type in source.columns if of_type in ("text", "bigint", "integer")]
        column = f"{source.alias}.{self.rng.choice(names)}"
        return f"SELECT {self.rng.choice(('min', 'max'))}({column}) FROM {entry}{self.where([source], 1)}"

    def locking(self):
        entry, source = self.relation(self.rng.choice(self.tables))
        second, other = self.relation(self.rng.choice(self.tables))
        entry += self.rng.choice(("", f" JOIN {second} ON {source.alias}.tenant_id = {other.alias}.tenant_id"))
        return f"SELECT {source.alias}.* FROM {entry}{self.where([source], 1)} FOR " + \
            self.rng.choice(("UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE")) + f" OF {source.alias}" + \
            self.rng.choice(("", " NOWAIT", " SKIP LOCKED"))

    def change(self):
        """Of columns whose values nothing else depends on, and what nothing else refers to."""
        target, column = self.rng.choice((
            ("items", "display_name"), ("sync_errors", "message"), ("selections", "last_refused_reason"),
            ("sync_runs", "correlation_id"), ("cooldowns", "until")))
        waits, insert = "inventory_core_internal.cooldowns", f"INSERT INTO inventory_core_internal.cooldowns AS {self.alias()}"
        alias = self.alias()
        source = Source(alias, self.relations[target], True)
        joined, other = self.relation(self.rng.choice(self.tables))
        match = f"{alias}.tenant_id = {other.alias}.tenant_id"
        value = "now()" if column == "until" else "'changed'"
        where = self.where([source], 1)
        update = f"UPDATE {scene.qualified(target)} AS {alias} SET {column} = {value}"
        using = where.replace(" WHERE ", f" WHERE {match} AND (", 1) + ")" if where else f" WHERE {match}"
        return self.rng.choice((
            f"{update}{where} RETURNING {alias}.tenant_id, {alias}.{column} IS NULL",
            f"{update} FROM {joined}{using} RETURNING {alias}.tenant_id",
            f"DELETE FROM inventory_core_internal.cooldowns AS {alias} USING {joined} WHERE {match} RETURNING {alias}.*",
            f"DELETE FROM inventory_core_internal.items AS {alias}{where if target == 'items' else ''} RETURNING {alias}.item_id",
            f"{insert} SELECT c.* FROM {waits} AS c, {joined} ON CONFLICT DO NOTHING RETURNING scope",
            f"{insert} SELECT c.* FROM {waits} AS c ON CONFLICT (tenant_id, scope) DO UPDATE SET until = excluded.until "
            "RETURNING scope",
            f"MERGE INTO {waits} AS {alias} USING {joined} ON {match} WHEN MATCHED AND random() > 2 THEN DELETE"))
