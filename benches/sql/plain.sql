-- A plain table of the same width as the view, to compare reads with.
CREATE TABLE bench.plain AS SELECT * FROM inventory_core.inventory_items;
GRANT SELECT ON bench.plain TO bench_app;
