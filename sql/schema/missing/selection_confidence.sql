CREATE FUNCTION inventory_core_internal._latest_full_run(tenant text, selection_hash text, is_clean boolean)
RETURNS TABLE (run_id uuid, run_seq bigint, status text, finished_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT r.run_id, r.run_seq, r.status, r.finished_at
    FROM inventory_core_internal.sync_runs AS r
    WHERE r.tenant_id = _latest_full_run.tenant
      AND r.selection_hash = _latest_full_run.selection_hash
      AND r.status <> 'running' AND r.mode = 'full'
      AND (r.is_clean OR NOT _latest_full_run.is_clean)
    ORDER BY r.run_seq DESC
    LIMIT 1;
END;
COMMENT ON FUNCTION inventory_core_internal._latest_full_run(text, text, boolean) IS
    'The completed full run of a selection that started last, or the last clean one';

CREATE FUNCTION inventory_core_internal._selection_confidence(tenant text, selection_hash text, latest_run_id uuid)
RETURNS TABLE (is_low boolean, reasons text[])
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = off
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH known AS MATERIALIZED (
        SELECT j.confidence, j.reasons
        FROM inventory_core_internal._type_baselines(tenant, _selection_confidence.selection_hash, 'latest') AS j
        WHERE j.run_id IS NOT NULL AND j.known > 0
    ), judged AS MATERIALIZED (
        SELECT k.confidence, k.reasons FROM known AS k
        UNION ALL
        -- if no known type has a baseline, the latest run as a whole
        SELECT r.confidence, r.reasons
        FROM inventory_core_internal._run_confidence(tenant, latest_run_id) AS r
        WHERE NOT EXISTS (SELECT FROM known)
    )
    SELECT bool_or(t.confidence = 'low'),
           (SELECT array_agg(o.reason ORDER BY o.place)
            FROM unnest(ARRAY['run_partial', 'run_failed', 'run_had_errors', 'lease_expired', 'short_of_expected',
                              'shrink_guard', 'nothing_observed', 'type_failed']) WITH ORDINALITY AS o (reason, place)
            WHERE o.reason IN (SELECT unnest(k.reasons) FROM judged AS k))
    FROM judged AS t;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._selection_confidence(text, text, uuid) IS
    'Whether confidence is low for any type that a selection knows, and all reasons';
