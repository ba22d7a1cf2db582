CREATE FUNCTION inventory_core.type_counts(tenant text, selection_hash text, since timestamptz DEFAULT NULL)
RETURNS TABLE (run_id uuid, run_seq bigint, finished_at timestamptz, policy_type text, observed bigint)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    PERFORM inventory_core_internal._begin_read(tenant, type_counts.selection_hash);
    PERFORM inventory_core_internal._require_selection(tenant, type_counts.selection_hash);
    RETURN QUERY
    WITH counts AS MATERIALIZED (
        SELECT c.policy_type, c.run_seq, c.observed,
               lead(c.run_seq) OVER (PARTITION BY c.policy_type ORDER BY c.run_seq) AS until_seq
        FROM inventory_core_internal.type_counts AS c
        WHERE c.tenant_id = tenant AND c.selection_hash = type_counts.selection_hash
    )
    SELECT r.run_id, r.run_seq, r.finished_at, c.policy_type, c.observed
    FROM counts AS c
    CROSS JOIN LATERAL (SELECT r.run_id, r.run_seq, r.finished_at, r.policy_types
                        FROM inventory_core_internal.sync_runs AS r
                        WHERE r.tenant_id = tenant AND r.selection_hash = type_counts.selection_hash
                          AND r.run_seq >= c.run_seq AND (c.until_seq IS NULL OR r.run_seq < c.until_seq)
                          AND r.mode = 'full' AND r.status <> 'running'
                          AND (r.finished_at >= type_counts.since OR type_counts.since IS NULL)
                        OFFSET 0) AS r
    -- a count is NULL once the selection no longer knows an item of the type
    WHERE c.observed IS NOT NULL
      -- a run may observe a type that it does not cover, and then has a row for it
      AND (r.policy_types IS NULL OR c.policy_type = ANY (r.policy_types) OR r.run_seq = c.run_seq)
    ORDER BY r.run_seq, c.policy_type;
END
$$;
COMMENT ON FUNCTION inventory_core.type_counts(text, text, timestamptz) IS
    'How many items of each policy type each completed full run observed, as counted at its end';
