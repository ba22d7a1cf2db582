CREATE FUNCTION inventory_core.missing_summary(tenant text, selection_hash text, baseline text DEFAULT 'latest')
RETURNS TABLE (policy_type text, known bigint, observed bigint, missing bigint, newly_missing bigint,
               oldest_missing_since timestamptz, error_codes text[], confidence text, reasons text[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM inventory_core_internal._begin_read(tenant, missing_summary.selection_hash);
    PERFORM inventory_core_internal._check_baseline(baseline);
    RETURN QUERY
    WITH b AS MATERIALIZED (
        SELECT x.* FROM inventory_core_internal._baseline(tenant, missing_summary.selection_hash, missing_summary.baseline) AS x
    ), known AS (
        SELECT i.policy_type, count(*) AS known
        FROM b
        JOIN inventory_core_internal.last_seen AS l
            ON l.tenant_id = tenant AND l.selection_hash = missing_summary.selection_hash
        CROSS JOIN LATERAL inventory_core_internal._bitmap_ids(l.chunk, l.item_ids) AS id
        JOIN inventory_core_internal.items AS i ON i.tenant_id = tenant AND i.item_id = id
        GROUP BY i.policy_type
    ), missing AS (
        SELECT i.policy_type, count(*) AS missing,
               count(*) FILTER (WHERE m.run_seq = b.run_seq - 1) AS newly_missing,
               min(m.run_seq) AS oldest_seq
        FROM b
        CROSS JOIN LATERAL inventory_core_internal._missing_sets(tenant, missing_summary.selection_hash, b.run_seq) AS m
        CROSS JOIN LATERAL inventory_core_internal._bitmap_ids(m.chunk, m.item_ids) AS id
        JOIN inventory_core_internal.items AS i ON i.tenant_id = tenant AND i.item_id = id
        GROUP BY i.policy_type
    ), types AS (
        SELECT k.policy_type FROM known AS k
        UNION
        SELECT unnest(b.failed_types) COLLATE "C" FROM b
    )
    SELECT t.policy_type, coalesce(k.known, 0), coalesce(k.known, 0) - coalesce(m.missing, 0), coalesce(m.missing, 0),
           coalesce(m.newly_missing, 0), oldest.started_at, e.error_codes, b.confidence,
           CASE WHEN t.policy_type = ANY (b.failed_types) THEN b.reasons || text 'type_failed' ELSE b.reasons END
    FROM b
    CROSS JOIN types AS t
    LEFT JOIN known AS k USING (policy_type)
    LEFT JOIN missing AS m USING (policy_type)
    LEFT JOIN inventory_core_internal.sync_runs AS oldest
        ON oldest.tenant_id = tenant
        AND oldest.selection_hash = missing_summary.selection_hash
        AND oldest.run_seq = m.oldest_seq + 1
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(DISTINCT x.error_code ORDER BY x.error_code), '{}') AS error_codes
        FROM inventory_core_internal.sync_errors AS x
        WHERE x.tenant_id = tenant AND x.run_id = b.run_id
          AND (x.policy_type = t.policy_type OR x.policy_type IS NULL)) AS e
    ORDER BY t.policy_type;
END
$$;
COMMENT ON FUNCTION inventory_core.missing_summary(text, text, text) IS
    'missing_items counted by policy type, with the errors that concern each type';
