CREATE FUNCTION inventory_core_internal._removed_by(tenant text, selection_hash text, run_seq bigint, run_id uuid)
RETURNS TABLE (chunk integer, item_ids bytea)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- A batch that the call did not see committed was later, or overlapped: its observations win.
    SELECT e.chunk, e.item_ids
    FROM (SELECT r.chunk,
                 inventory_core_internal._bitmap_union(array_agg(inventory_core_internal._bitmap_subtract(
                     r.item_ids,
                     (SELECT inventory_core_internal._bitmap_union(array_agg(p.item_ids))
                      FROM inventory_core_internal.run_parts AS p
                      WHERE p.tenant_id = _removed_by.tenant AND p.run_id = _removed_by.run_id AND p.chunk = r.chunk
                        AND p.part <> ALL (r.earlier_parts))))) AS item_ids
          FROM inventory_core_internal.removals AS r
          WHERE r.tenant_id = _removed_by.tenant AND r.selection_hash = _removed_by.selection_hash
            AND r.run_seq = _removed_by.run_seq
          GROUP BY r.chunk) AS e
    WHERE inventory_core_internal._bitmap_count(e.item_ids) > 0;
END;
COMMENT ON FUNCTION inventory_core_internal._removed_by(text, text, bigint, uuid) IS
    'What a run has removed so far and not observed later, or ended with removed';

CREATE FUNCTION inventory_core_internal._removed_count(run inventory_core_internal.sync_runs) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT coalesce(sum(inventory_core_internal._bitmap_count(r.item_ids)), 0)
            FROM inventory_core_internal._removed_by(run.tenant_id, run.selection_hash, run.run_seq, run.run_id) AS r);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._removed_count(inventory_core_internal.sync_runs) IS
    'How many items a run has removed so far';
