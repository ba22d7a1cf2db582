CREATE FUNCTION inventory_core_internal._baseline(tenant text, selection_hash text, baseline text)
RETURNS TABLE (run_id uuid, run_seq bigint, status text, finished_at timestamptz, error_codes text[],
               failed_types text[], confidence text, reasons text[])
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT r.run_id, r.run_seq, r.status, r.finished_at, e.error_codes, e.failed_types,
           CASE WHEN r.status <> 'success' OR e.had_errors THEN 'low' ELSE 'high' END,
           array_remove(ARRAY[
               CASE WHEN r.status = 'partial' THEN 'run_partial' END,
               CASE WHEN r.status = 'failed' THEN 'run_failed' END,
               CASE WHEN e.had_errors THEN 'run_had_errors' END,
               CASE WHEN 'lease_expired' = ANY (e.error_codes) THEN 'lease_expired' END,
               CASE WHEN 'short_of_expected' = ANY (e.error_codes) THEN 'short_of_expected' END,
               CASE WHEN 'shrink_guard' = ANY (e.error_codes) THEN 'shrink_guard' END,
               CASE WHEN r.observed_count = 0 THEN 'nothing_observed' END], NULL)
    FROM inventory_core_internal.sync_runs AS r
    CROSS JOIN LATERAL (
        SELECT count(*) > 0 AS had_errors,
               coalesce(array_agg(DISTINCT x.error_code ORDER BY x.error_code), '{}') AS error_codes,
               coalesce(array_agg(DISTINCT x.policy_type) FILTER (WHERE x.policy_type IS NOT NULL), '{}') AS failed_types
        FROM inventory_core_internal.sync_errors AS x
        WHERE x.tenant_id = r.tenant_id AND x.run_id = r.run_id) AS e
    WHERE r.tenant_id = _baseline.tenant
      AND r.selection_hash = _baseline.selection_hash
      AND r.status <> 'running'
      AND (_baseline.baseline = 'latest' OR (r.status = 'success' AND NOT e.had_errors))
    ORDER BY r.run_seq DESC
    LIMIT 1;
END;
COMMENT ON FUNCTION inventory_core_internal._baseline(text, text, text) IS
    'The completed run that absences are judged against, and how far it can be believed';

CREATE FUNCTION inventory_core_internal._check_baseline(baseline text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._require('baseline', baseline IS NOT NULL);
    IF baseline NOT IN ('latest', 'latest_success') THEN
        RAISE EXCEPTION 'invalid value for baseline'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'It is neither of the two known values.',
                  HINT = 'Use ''latest'' or ''latest_success''.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._check_baseline(text) IS 'Raises 22023 for an unknown baseline';

CREATE FUNCTION inventory_core_internal._running_sets(tenant text, selection_hash text)
RETURNS TABLE (chunk integer, item_ids bytea)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.chunk, inventory_core_internal._bitmap_union(array_agg(p.item_ids))
    FROM inventory_core_internal.sync_runs AS r
    JOIN inventory_core_internal.run_parts AS p ON p.tenant_id = r.tenant_id AND p.run_id = r.run_id
    WHERE r.tenant_id = _running_sets.tenant
      AND r.selection_hash = _running_sets.selection_hash
      AND r.status = 'running'
    GROUP BY p.chunk;
END;
COMMENT ON FUNCTION inventory_core_internal._running_sets(text, text) IS 'What the running run of a selection has observed so far';

CREATE FUNCTION inventory_core_internal._missing_sets(tenant text, selection_hash text, baseline_seq bigint)
RETURNS TABLE (chunk integer, run_seq bigint, item_ids bytea)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT l.chunk, r.run_seq, inventory_core_internal._bitmap_subtract(l.item_ids, o.item_ids)
    FROM inventory_core_internal.last_seen AS l
    JOIN inventory_core_internal.sync_runs AS r ON r.tenant_id = l.tenant_id AND r.run_id = l.run_id
    LEFT JOIN inventory_core_internal._running_sets(_missing_sets.tenant, _missing_sets.selection_hash) AS o
        ON o.chunk = l.chunk
    WHERE l.tenant_id = _missing_sets.tenant
      AND l.selection_hash = _missing_sets.selection_hash
      AND r.run_seq < _missing_sets.baseline_seq;
END;
COMMENT ON FUNCTION inventory_core_internal._missing_sets(text, text, bigint) IS
    'The items of a selection that its baseline did not observe, nor any later run, by the run that last saw them';
