CREATE FUNCTION inventory_core.remove_items(tenant text, run_id uuid, items json)
RETURNS TABLE (removed integer, unknown integer)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    run inventory_core_internal.sync_runs;
    now timestamptz;
    batch record;
    found_ids bigint[];
    part uuid := gen_random_uuid();
    removed_items integer;
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant);
    PERFORM inventory_core_internal._require('items', items IS NOT NULL);
    -- From here on finish_run and forget_* wait for this transaction.
    run := inventory_core_internal._lock_run_shared(tenant, run_id);
    now := inventory_core_internal._now();

    SELECT b.* INTO batch FROM inventory_core_internal._read_items(items, '{}', '{}', 'reject_batch') AS b;
    SELECT p.changed_ids || p.unchanged_ids INTO found_ids
    FROM inventory_core_internal._find_items(tenant, batch.batch, run.first_new_item_id) AS p;

    -- The selection knows what its completed runs observed; the running run, what its committed batches did.
    WITH known AS (
        SELECT c.chunk, o.earlier_parts,
               inventory_core_internal._bitmap_intersect(
                   c.item_ids, inventory_core_internal._bitmap_union(ARRAY[p.known_ids, o.item_ids])) AS item_ids
        FROM inventory_core_internal._bitmap_chunks(found_ids) AS c
        LEFT JOIN inventory_core_internal.presence AS p
            ON p.tenant_id = tenant AND p.selection_hash = run.selection_hash AND p.chunk = c.chunk
        CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(DISTINCT o.part), '{}') AS earlier_parts,
                   inventory_core_internal._bitmap_union(array_agg(o.item_ids)) AS item_ids
            FROM inventory_core_internal.run_parts AS o
            WHERE o.tenant_id = tenant AND o.run_id = run.run_id AND o.chunk = c.chunk
              AND inventory_core_internal._bitmap_count(
                      inventory_core_internal._bitmap_intersect(o.item_ids, c.item_ids)) > 0) AS o
    ), stored AS (
        INSERT INTO inventory_core_internal.removals AS r
            (tenant_id, selection_hash, run_seq, chunk, part, item_ids, earlier_parts)
        SELECT tenant, run.selection_hash, run.run_seq, k.chunk, part, k.item_ids, k.earlier_parts
        FROM known AS k
        WHERE inventory_core_internal._bitmap_count(k.item_ids) > 0
        RETURNING inventory_core_internal._bitmap_count(r.item_ids) AS items
    )
    SELECT coalesce(sum(s.items), 0) INTO removed_items FROM stored AS s;

    -- Like a batch without items, it prolongs the lease.
    INSERT INTO inventory_core_internal.run_parts (tenant_id, run_id, part, chunk, kind, item_ids, recorded_at)
    VALUES (tenant, run.run_id, part, 0, 'unchanged', inventory_core_internal._bitmap_union(NULL), now);
    PERFORM inventory_core_internal._keep_slot(run, now);
    RETURN QUERY SELECT removed_items, batch.items - removed_items;
END
$$;
COMMENT ON FUNCTION inventory_core.remove_items(text, uuid, json) IS
    'Stores that the API reported items as removed: from the end of the run they are missing, until a run observes them again';
