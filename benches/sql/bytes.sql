-- Bytes of the tables in schema $1 and of their indexes; those of items also by themselves.
SELECT sum(pg_table_size(c.oid)) FILTER (WHERE c.relname = 'items') AS items,
       sum(pg_indexes_size(c.oid)) FILTER (WHERE c.relname = 'items') AS items_indexes,
       sum(pg_table_size(c.oid)) AS tables,
       sum(pg_indexes_size(c.oid)) AS indexes
FROM pg_class AS c
WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r'
