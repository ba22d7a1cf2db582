CREATE FUNCTION inventory_core.missing_summary(tenant text, selection_hash text, baseline text DEFAULT 'latest')
RETURNS TABLE (policy_type text, known bigint, observed bigint, missing bigint, newly_missing bigint,
               oldest_missing_since timestamptz, error_codes text[], confidence text, reasons text[],
               baseline_run_id uuid, baseline_at timestamptz)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
-- As in _type_baselines.
SET enable_nestloop = off
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    PERFORM inventory_core_internal._begin_read(tenant, missing_summary.selection_hash);
    PERFORM inventory_core_internal._check_baseline(baseline);
    PERFORM inventory_core_internal._require_selection(tenant, missing_summary.selection_hash);
    RETURN QUERY
    WITH types AS MATERIALIZED (
        SELECT j.* FROM inventory_core_internal._type_baselines(tenant, missing_summary.selection_hash, missing_summary.baseline) AS j
    ), missing AS MATERIALIZED (
        SELECT m.policy_type, m.run_seq, m.first_removed, sum(inventory_core_internal._bitmap_count(m.item_ids)) AS items
        FROM inventory_core_internal._missing_sets(tenant, missing_summary.selection_hash, missing_summary.baseline) AS m
        GROUP BY m.policy_type, m.run_seq, m.first_removed
    ), counted AS MATERIALIZED (
        SELECT t.type_no, sum(m.items)::bigint AS missing, min(least(m.first_removed, n.counted_seq)) AS oldest_seq,
               coalesce(sum(m.items) FILTER (
                   WHERE coalesce(inventory_core_internal._runs_count(t.runs, m.run_seq, t.baseline_seq), 0)
                         + inventory_core_internal._is_first_miss(m.first_removed, n.counted_seq)::integer = 1), 0)::bigint
                   AS newly_missing
        FROM missing AS m
        JOIN types AS t ON t.policy_type = m.policy_type
        CROSS JOIN LATERAL (SELECT inventory_core_internal._runs_first_after(t.runs, m.run_seq) AS counted_seq OFFSET 0) AS n
        GROUP BY t.type_no
    )
    SELECT t.policy_type, t.known, t.known - coalesce(c.missing, 0), coalesce(c.missing, 0),
           coalesce(c.newly_missing, 0),
           CASE WHEN c.missing > 0 THEN inventory_core_internal._run_started_at(
               tenant, missing_summary.selection_hash, c.oldest_seq) END,
           t.error_codes, t.confidence, t.reasons, t.run_id, t.finished_at
    FROM types AS t
    LEFT JOIN counted AS c ON c.type_no = t.type_no
    WHERE t.known > 0 OR t.is_listed
    ORDER BY t.policy_type;
END
$$;
COMMENT ON FUNCTION inventory_core.missing_summary(text, text, text) IS
    'missing_items counted by policy type, with the baseline of each type and the errors that concern it';
