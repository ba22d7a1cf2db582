-- Cost follows change: a run of 100,000 items in batches of 5,000, repeated unchanged, writes no item and grows no table but the
-- run's own records.
SELECT inventory_core.grant_access('regress_writer', 'unchanged_run', 'writer') \gset
SELECT inventory_core.allow_meta('ur', 'version', 'owner') \gset
SET SESSION AUTHORIZATION regress_writer;

-- A whole run, each batch a transaction of its own.
CREATE TEMP TABLE batch (run integer, observed integer, inserted integer, updated integer, unchanged integer);
CREATE PROCEDURE pg_temp.sync(run integer) LANGUAGE plpgsql AS $$
DECLARE
    id uuid := (SELECT run_id FROM inventory_core.start_run('unchanged_run', '{"type": "ur"}'));
BEGIN
    COMMIT;
    FOR low IN 1 .. 100000 BY 5000 LOOP
        INSERT INTO batch
        SELECT run, u.observed, u.inserted, u.updated, u.unchanged
        FROM inventory_core.upsert_items('unchanged_run', id,
            (SELECT json_agg(json_build_object('policy_type', 'ur', 'external_id', n::text, 'display_name', 'item ' || n, 'meta', json_build_object('version', n % 7, 'owner', md5(n::text))))
             FROM generate_series(low, low + 4999) AS n)) AS u;
        COMMIT;
    END LOOP;
    PERFORM inventory_core.finish_run('unchanged_run', id);
END
$$;
-- Where each row of the catalogue is and which transactions touched it; how many bytes the tables have, with their indexes.
CREATE FUNCTION pg_temp.items(OUT rows bigint, OUT touched text) LANGUAGE sql AS $$
    SELECT inventory_core.set_tenant('unchanged_run');
    SELECT count(*), md5(string_agg(concat_ws(' ', ctid, xmin, xmax), ',' ORDER BY item_id)) FROM inventory_core_internal.items
$$;
CREATE FUNCTION pg_temp.sizes() RETURNS TABLE (relation regclass, bytes numeric) LANGUAGE sql AS $$
    SELECT c.oid, pg_relation_size(c.oid) + coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0)
                  + (SELECT coalesce(sum(pg_relation_size(indexrelid)), 0) FROM pg_index WHERE indrelid = c.oid)
    FROM pg_class AS c WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind IN ('r', 'm')
$$;

CALL pg_temp.sync(1);
CREATE TEMP TABLE items_before AS SELECT * FROM pg_temp.items();
CREATE TEMP TABLE sizes_before AS SELECT * FROM pg_temp.sizes();
CALL pg_temp.sync(2);

SELECT run, count(*) AS batches, sum(observed) AS observed, sum(inserted) AS inserted, sum(updated) AS updated, sum(unchanged) AS unchanged FROM batch GROUP BY run ORDER BY run;
SELECT run_seq, status, observed_count, inserted_count, updated_count, unchanged_count FROM inventory_core.inventory_sync_runs('unchanged_run') ORDER BY run_seq;
-- No row of the catalogue was written, not even locked.
SELECT b.rows, a.touched = b.touched AS untouched FROM items_before AS b, pg_temp.items() AS a;
-- What grew is the run's own: its row, and the bitmaps of who was seen. That is a few bytes an item for as long as the run goes on.
SELECT relation AS grew FROM sizes_before AS b JOIN pg_temp.sizes() AS a USING (relation)
WHERE a.bytes > b.bytes AND relation::text !~ '^inventory_core_internal\.(sync_runs|run_parts|last_seen|selection_types|run_changes_.*|run_slots|slot_leases)$';
SELECT sum(a.bytes - b.bytes) / 100000 < 10 AS less_than_ten_bytes_an_item FROM sizes_before AS b JOIN pg_temp.sizes() AS a USING (relation);

-- One item changes: one row is written.
SELECT run_id AS run FROM inventory_core.start_run('unchanged_run', '{"type": "ur"}') \gset
SELECT observed, updated, unchanged
FROM inventory_core.upsert_items('unchanged_run', :'run',
    (SELECT json_agg(json_build_object('policy_type', 'ur', 'external_id', n::text, 'display_name', CASE n WHEN 77 THEN 'changed' ELSE 'item ' || n END)) FROM generate_series(1, 5000) AS n));
SELECT status FROM inventory_core.finish_run('unchanged_run', :'run');
