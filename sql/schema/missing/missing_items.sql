CREATE FUNCTION inventory_core.missing_items(tenant text, selection_hash text, baseline text DEFAULT 'latest')
RETURNS TABLE (item_id bigint, policy_type text, external_id text, display_name text, meta jsonb,
               first_seen_at timestamptz, last_seen_at timestamptz, last_seen_run_id uuid,
               missed_runs integer, missing_since timestamptz, baseline_run_id uuid,
               confidence text, reasons text[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
-- Planned once a session: to plan it costs as much as to find a few hundred items.
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    b record;
BEGIN
    PERFORM inventory_core_internal._begin_read(tenant, missing_items.selection_hash);
    PERFORM inventory_core_internal._check_baseline(baseline);
    SELECT x.* INTO b
    FROM inventory_core_internal._baseline(tenant, missing_items.selection_hash, missing_items.baseline) AS x;
    -- Materialized, so that the work follows what is missing whatever the planner believes of the tables.
    RETURN QUERY
    WITH sets AS MATERIALIZED (
        SELECT m.chunk, m.run_seq, m.item_ids
        FROM inventory_core_internal._missing_sets(tenant, missing_items.selection_hash, b.run_seq) AS m
        WHERE inventory_core_internal._bitmap_count(m.item_ids) > 0
    ), missing AS MATERIALIZED (
        SELECT id AS item_id, s.run_seq
        FROM sets AS s
        CROSS JOIN LATERAL inventory_core_internal._bitmap_ids(s.chunk, s.item_ids) AS id
    ), chunks AS MATERIALIZED (
        SELECT s.chunk, inventory_core_internal._bitmap_union(array_agg(s.item_ids)) AS item_ids
        FROM sets AS s
        GROUP BY s.chunk
    ), seen AS MATERIALIZED (
        -- the newest run of any selection that saw each of them
        SELECT DISTINCT ON (id) id AS item_id, o.run_id, o.started_at
        FROM inventory_core_internal._observations(tenant) AS o
        JOIN chunks AS c ON c.chunk = o.chunk
        CROSS JOIN LATERAL inventory_core_internal._bitmap_ids(
            o.chunk, inventory_core_internal._bitmap_intersect(o.item_ids, c.item_ids)) AS id
        ORDER BY id, o.start_no DESC, o.started_at DESC, o.run_id DESC
    ), first_missed AS MATERIALIZED (
        SELECT r.run_seq - 1 AS run_seq, r.started_at
        FROM inventory_core_internal.sync_runs AS r
        WHERE r.tenant_id = tenant AND r.selection_hash = missing_items.selection_hash
          AND r.run_seq IN (SELECT s.run_seq + 1 FROM sets AS s)
    )
    SELECT i.item_id, i.policy_type, i.external_id, i.display_name, i.meta,
           i.first_seen_at, seen.started_at, seen.run_id,
           (b.run_seq - m.run_seq)::integer, f.started_at, b.run_id, b.confidence,
           CASE WHEN i.policy_type = ANY (b.failed_types) THEN b.reasons || text 'type_failed' ELSE b.reasons END
    FROM missing AS m
    JOIN inventory_core_internal.items AS i ON i.tenant_id = tenant AND i.item_id = m.item_id
    LEFT JOIN seen ON seen.item_id = m.item_id
    LEFT JOIN first_missed AS f ON f.run_seq = m.run_seq
    ORDER BY i.item_id;
END
$$;
COMMENT ON FUNCTION inventory_core.missing_items(text, text, text) IS
    'What a selection once showed and its baseline run did not, how sure that is, and why';
