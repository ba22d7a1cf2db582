CREATE FUNCTION inventory_core.missing_items(tenant text, selection_hash text, baseline text DEFAULT 'latest')
RETURNS TABLE (item_id bigint, policy_type text, external_id text, display_name text, meta jsonb,
               first_seen_at timestamptz, last_seen_at timestamptz, last_seen_run_id uuid,
               missed_runs integer, missing_since timestamptz, baseline_run_id uuid,
               confidence text, reasons text[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM inventory_core._begin_read(tenant, missing_items.selection_hash);
    PERFORM inventory_core._check_baseline(baseline);
    RETURN QUERY
    SELECT i.item_id, i.policy_type, i.external_id, i.display_name, i.meta,
           i.first_seen_at,
           seen.started_ats[inventory_core._bitmap_find(seen.item_ids, i.item_id)],
           seen.run_ids[inventory_core._bitmap_find(seen.item_ids, i.item_id)],
           (b.run_seq - m.run_seq)::integer,
           first_missed.started_at,
           b.run_id,
           b.confidence,
           CASE WHEN i.policy_type = ANY (b.failed_types) THEN b.reasons || text 'type_failed' ELSE b.reasons END
    FROM inventory_core._baseline(tenant, missing_items.selection_hash, missing_items.baseline) AS b
    CROSS JOIN LATERAL inventory_core._missing_sets(tenant, missing_items.selection_hash, b.run_seq) AS m
    JOIN inventory_core.sync_runs AS first_missed
        ON first_missed.tenant_id = tenant
        AND first_missed.selection_hash = missing_items.selection_hash
        AND first_missed.run_seq = m.run_seq + 1
    CROSS JOIN LATERAL inventory_core._bitmap_ids(m.chunk, m.item_ids) AS id
    JOIN inventory_core.items AS i ON i.tenant_id = tenant AND i.item_id = id
    CROSS JOIN LATERAL inventory_core._seen_sets(tenant, m.chunk) AS seen
    ORDER BY i.item_id;
END
$$;
COMMENT ON FUNCTION inventory_core.missing_items(text, text, text) IS
    'What a selection once showed and its baseline run did not, how sure that is, and why';
