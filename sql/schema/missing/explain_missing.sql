CREATE FUNCTION inventory_core.explain_missing(tenant text, selection_hash text, policy_type text, external_id text)
RETURNS TABLE (run_id uuid, run_seq bigint, started_at timestamptz, status text, had_errors boolean,
               error_codes text[], verdict text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    covering bytea;
    vouching bytea;
BEGIN
    PERFORM inventory_core_internal._begin_read(tenant, explain_missing.selection_hash);
    PERFORM inventory_core_internal._require('policy_type', explain_missing.policy_type IS NOT NULL);
    PERFORM inventory_core_internal._require('external_id', explain_missing.external_id IS NOT NULL);
    PERFORM inventory_core_internal._require_selection(tenant, explain_missing.selection_hash);
    -- The runs that count for every type, and the exceptions of this type.
    SELECT inventory_core_internal._runs_differ((array_agg(t.covering_runs) FILTER (WHERE t.policy_type = ''))[1],
                                                (array_agg(t.covering_runs) FILTER (WHERE t.policy_type <> ''))[1]),
           inventory_core_internal._runs_differ((array_agg(t.vouching_runs) FILTER (WHERE t.policy_type = ''))[1],
                                                (array_agg(t.vouching_runs) FILTER (WHERE t.policy_type <> ''))[1])
    INTO covering, vouching
    FROM inventory_core_internal.selection_types AS t
    WHERE t.tenant_id = tenant AND t.selection_hash = explain_missing.selection_hash
      AND t.policy_type IN ('', explain_missing.policy_type);
    RETURN QUERY
    WITH seen AS (
        SELECT i.item_id, i.chunk, max(s.run_seq) AS run_seq
        FROM inventory_core_internal.items AS i
        CROSS JOIN LATERAL (
            SELECT r.run_seq, l.item_ids
            FROM inventory_core_internal.last_seen AS l
            JOIN inventory_core_internal.sync_runs AS r ON r.tenant_id = l.tenant_id AND r.run_id = l.run_id
            WHERE l.tenant_id = tenant AND l.selection_hash = explain_missing.selection_hash AND l.chunk = i.chunk
            UNION ALL
            SELECT r.run_seq, o.item_ids
            FROM inventory_core_internal.sync_runs AS r
            CROSS JOIN inventory_core_internal._running_sets(tenant, explain_missing.selection_hash) AS o
            WHERE r.tenant_id = tenant AND r.selection_hash = explain_missing.selection_hash
              AND r.status = 'running' AND o.chunk = i.chunk) AS s
        WHERE i.tenant_id = tenant
          AND i.policy_type = explain_missing.policy_type
          AND i.external_id = explain_missing.external_id
          AND inventory_core_internal._bitmap_contains(s.item_ids, i.item_id)
        GROUP BY i.item_id, i.chunk
    )
    SELECT v.run_id, v.run_seq, v.started_at, v.status, v.had_errors, v.error_codes,
           CASE WHEN v.status <> 'running' AND inventory_core_internal._bitmap_contains(d.item_ids, seen.item_id) THEN 'removed'
                WHEN v.run_seq = seen.run_seq THEN 'seen'
                WHEN inventory_core_internal._runs_contain(vouching, v.run_seq) THEN 'missed'
                WHEN inventory_core_internal._runs_contain(covering, v.run_seq) THEN 'missed_unsure'
                ELSE 'not_covered' END
    FROM seen
    JOIN (SELECT r.run_id, r.run_seq, r.started_at, r.status, r.had_errors, r.error_codes
          FROM inventory_core.inventory_sync_runs AS r
          WHERE r.tenant_id = tenant AND r.selection_hash = explain_missing.selection_hash
          UNION ALL
          SELECT p.run_id, p.run_seq, p.started_at, p.status, cardinality(p.error_codes) > 0, p.error_codes
          FROM inventory_core_internal.pruned_runs AS p
          WHERE p.tenant_id = tenant AND p.selection_hash = explain_missing.selection_hash) AS v
        ON v.run_seq >= seen.run_seq
    LEFT JOIN inventory_core_internal.removals AS d
        ON d.tenant_id = tenant AND d.selection_hash = explain_missing.selection_hash AND d.run_seq = v.run_seq
           AND d.chunk = seen.chunk AND d.earlier_parts IS NULL
    -- a running run that has not seen the item may still see it
    WHERE v.status <> 'running' OR v.run_seq = seen.run_seq
    ORDER BY v.run_seq DESC;
END
$$;
COMMENT ON FUNCTION inventory_core.explain_missing(text, text, text, text) IS
    'The runs of a selection, newest first, back to the one that last saw an item, each with a verdict; no row if not known';
