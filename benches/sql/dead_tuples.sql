-- Dead tuples that the next VACUUM has to clear: of the table items, and of all tables of schema $1.
SELECT coalesce(sum(d.dead_tuple_count) FILTER (WHERE c.relname = 'items'), 0), sum(d.dead_tuple_count)
FROM pg_class AS c
CROSS JOIN LATERAL bench.pgstattuple(c.oid) AS d
WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r'
