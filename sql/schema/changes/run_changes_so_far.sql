CREATE FUNCTION inventory_core_internal._run_changes_so_far(run inventory_core_internal.sync_runs)
RETURNS TABLE (chunk integer, change text, item_ids bytea)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT o.chunk, c.change, c.item_ids
    FROM inventory_core_internal._run_sets(run.tenant_id, run.run_id) AS o
    LEFT JOIN inventory_core_internal.presence AS p
        ON p.tenant_id = run.tenant_id AND p.selection_hash = run.selection_hash AND p.chunk = o.chunk
    CROSS JOIN LATERAL (SELECT inventory_core_internal._bitmap_subtract(o.observed, p.known_ids) AS added OFFSET 0) AS a
    CROSS JOIN LATERAL (VALUES
        ('added', a.added),
        -- Reported once per tenant: a run that adds an item to its selection reports a change only if another selection knows it.
        ('changed', CASE WHEN inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_intersect(a.added, o.updated)) = 0
                         THEN o.updated
                         ELSE inventory_core_internal._bitmap_intersect(o.updated, (
                             SELECT inventory_core_internal._bitmap_union(array_agg(k.known_ids) || p.known_ids)
                             FROM inventory_core_internal.presence AS k
                             WHERE k.tenant_id = run.tenant_id AND k.selection_hash <> run.selection_hash
                               AND k.chunk = o.chunk)) END),
        ('reappeared', inventory_core_internal._bitmap_subtract(
            inventory_core_internal._bitmap_intersect(o.observed, p.missing_ids),
            (SELECT d.item_ids
             FROM inventory_core_internal._removed_by(run.tenant_id, run.selection_hash, run.run_seq, run.run_id) AS d
             WHERE d.chunk = o.chunk)))) AS c (change, item_ids)
    WHERE inventory_core_internal._bitmap_count(c.item_ids) > 0;
END;
COMMENT ON FUNCTION inventory_core_internal._run_changes_so_far(inventory_core_internal.sync_runs) IS
    'What a running run has changed so far in its selection: added, changed, reappeared; finish_run determines missing';
