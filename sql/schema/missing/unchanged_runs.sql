-- Most runs see exactly what was present. Then no type needs to be counted: the run covers and vouches for every type.
CREATE FUNCTION inventory_core_internal._judge_unchanged(
    run inventory_core_internal.sync_runs, chunks integer[], observed bytea[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF (SELECT inventory_core_internal._are_present(chunks, observed, array_agg(p.chunk), array_agg(p.known_ids), array_agg(p.missing_ids))
        FROM inventory_core_internal.presence AS p
        WHERE p.tenant_id = run.tenant_id AND p.selection_hash = run.selection_hash)
       -- An earlier run may have left a reference or a count that this run changes.
       AND (SELECT coalesce(bool_and(CASE WHEN t.known_count = 0 THEN t.last_count IS NULL
                                          ELSE t.reference_count IS NOT DISTINCT FROM t.present_count
                                               AND t.last_count IS NOT DISTINCT FROM t.present_count END), true)
            FROM inventory_core_internal.selection_types AS t
            WHERE t.tenant_id = run.tenant_id AND t.selection_hash = run.selection_hash)
       AND NOT EXISTS (SELECT FROM inventory_core_internal.sync_errors AS e
                       WHERE e.tenant_id = run.tenant_id AND e.run_id = run.run_id)
       AND NOT EXISTS (SELECT FROM inventory_core_internal.removals AS d
                       WHERE d.tenant_id = run.tenant_id AND d.selection_hash = run.selection_hash AND d.run_seq = run.run_seq)
    THEN
        UPDATE inventory_core_internal.selection_types AS t
        SET covering_runs = inventory_core_internal._runs_add(t.covering_runs, run.run_seq),
            vouching_runs = inventory_core_internal._runs_add(t.vouching_runs, run.run_seq)
        WHERE t.tenant_id = run.tenant_id AND t.selection_hash = run.selection_hash AND t.policy_type = '';
        RETURN FOUND;
    END IF;
    RETURN false;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._judge_unchanged(inventory_core_internal.sync_runs, integer[], bytea[]) IS
    'If a successful full run observed exactly the present items, stores that it vouches for every type; else returns false';
