CREATE FUNCTION inventory_core_internal._run_changes_so_far(run inventory_core_internal.sync_runs)
RETURNS TABLE (chunk integer, change text, item_ids bytea)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT chunk, c.change, c.item_ids
    FROM (SELECT s.chunk, s.observed, s.updated
          FROM inventory_core_internal._run_sets(run.tenant_id, run.run_id) AS s) AS o
    FULL JOIN (SELECT l.chunk,
                      inventory_core_internal._bitmap_union(array_agg(l.item_ids)) AS known,
                      inventory_core_internal._bitmap_union(array_agg(l.item_ids)
                          FILTER (WHERE r.run_seq = run.run_seq - 1)) AS seen_last_time,
                      inventory_core_internal._bitmap_union(array_agg(l.item_ids)
                          FILTER (WHERE r.run_seq < run.run_seq - 1)) AS missed_last_time
               FROM inventory_core_internal.last_seen AS l
               JOIN inventory_core_internal.sync_runs AS r ON r.tenant_id = l.tenant_id AND r.run_id = l.run_id
               WHERE l.tenant_id = run.tenant_id AND l.selection_hash = run.selection_hash
               GROUP BY l.chunk) AS k USING (chunk)
    CROSS JOIN LATERAL (VALUES
        ('added', inventory_core_internal._bitmap_subtract(o.observed, k.known)),
        ('changed', o.updated),
        ('reappeared', inventory_core_internal._bitmap_intersect(o.observed, k.missed_last_time)),
        ('missing', inventory_core_internal._bitmap_subtract(k.seen_last_time, o.observed))) AS c (change, item_ids)
    WHERE inventory_core_internal._bitmap_count(c.item_ids) > 0;
END;
COMMENT ON FUNCTION inventory_core_internal._run_changes_so_far(inventory_core_internal.sync_runs) IS
    'What a running run changes in its selection if it ends now';
