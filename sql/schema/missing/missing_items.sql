CREATE FUNCTION inventory_core_internal._seen_elsewhere(tenant text, selection_hash text, chunks integer[], after_no bigint)
RETURNS TABLE (chunk integer, positions bytea, start_nos bigint[])
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH runs AS MATERIALIZED (
        SELECT r.run_id, r.selection_hash, r.start_no, r.status
        FROM inventory_core_internal.sync_runs AS r
        WHERE r.tenant_id = tenant AND r.start_no > after_no AND r.selection_hash <> _seen_elsewhere.selection_hash
    ), sightings AS MATERIALIZED (
        -- what that selection does not miss itself, which includes what its running run saw
        SELECT s.chunk, r.start_no, inventory_core_internal._bitmap_subtract(s.item_ids, s.missing_ids) AS item_ids
        FROM (SELECT DISTINCT r.selection_hash FROM runs AS r) AS o
        CROSS JOIN (SELECT DISTINCT c.chunk FROM unnest(chunks) AS c (chunk)) AS c
        CROSS JOIN LATERAL (SELECT l.chunk, l.run_id, l.item_ids, p.missing_ids
                            FROM inventory_core_internal.last_seen AS l
                            JOIN inventory_core_internal.presence AS p
                                ON p.tenant_id = tenant AND p.selection_hash = o.selection_hash AND p.chunk = c.chunk
                            WHERE l.tenant_id = tenant AND l.selection_hash = o.selection_hash AND l.chunk = c.chunk
                            OFFSET 0) AS s
        JOIN runs AS r ON r.run_id = s.run_id
        WHERE r.status <> 'running'
        UNION ALL
        SELECT s.chunk, r.start_no, s.item_ids
        FROM runs AS r
        CROSS JOIN LATERAL (SELECT p.chunk, p.item_ids
                            FROM inventory_core_internal._running_sets(tenant, r.selection_hash) AS p
                            WHERE p.chunk = ANY (chunks)
                            OFFSET 0) AS s
        WHERE r.status = 'running'
    )
    SELECT s.chunk,
           inventory_core_internal._bitmap_positions(array_agg(s.item_ids ORDER BY s.start_no DESC)),
           array_agg(s.start_no ORDER BY s.start_no DESC)
    FROM sightings AS s
    GROUP BY s.chunk;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._seen_elsewhere(text, text, integer[], bigint) IS
    'The items that other selections observed since a start and do not miss; for each, the newest start that observed it';

-- Nested loops are off as in _type_baselines; sequential and bitmap scans, so that items come in the order of their ids.
CREATE FUNCTION inventory_core.missing_items(tenant text, selection_hash text, baseline text DEFAULT 'latest')
RETURNS TABLE (item_id bigint, policy_type text, external_id text, display_name text, meta jsonb,
               first_seen_at timestamptz, last_seen_at timestamptz, last_seen_run_id uuid,
               missed_runs integer, missing_since timestamptz, baseline_run_id uuid,
               confidence text, reasons text[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
-- Planned once per session: planning costs as much as finding a few hundred items.
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = off
SET jit = off
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
    -- If a chunk has at least this many missing items, all its items are read and the present ones left out.
    many CONSTANT integer := 16384;
    c record;
    -- Separate variables: in an array inside a record, each element is found by a walk from the first one.
    groups inventory_core_internal.missing_group[];
    run_ids uuid[];
    started_ats timestamptz[];
    start_nos bigint[];
BEGIN
    PERFORM inventory_core_internal._begin_read(tenant, missing_items.selection_hash);
    PERFORM inventory_core_internal._check_baseline(baseline);
    PERFORM inventory_core_internal._require_selection(tenant, missing_items.selection_hash);
    -- For each chunk, a map from an item to the position of its group, and one to the run that last saw it.
    FOR c IN
        WITH groups AS MATERIALIZED (
            SELECT g.* FROM inventory_core_internal._missing_groups(tenant, missing_items.selection_hash, missing_items.baseline) AS g
        ), chunks AS MATERIALIZED (
            SELECT g.chunk, array_agg(g.answer) AS groups, array_agg(g.item_ids) AS item_sets,
                   sum(inventory_core_internal._bitmap_count(g.item_ids)) AS items
            FROM groups AS g
            GROUP BY g.chunk
        ), elsewhere AS MATERIALIZED (
            SELECT e.*
            FROM inventory_core_internal._seen_elsewhere(tenant, missing_items.selection_hash,
                ARRAY(SELECT k.chunk FROM chunks AS k), (SELECT min((g.answer).start_no) FROM groups AS g)) AS e
        )
        SELECT k.chunk, k.groups, inventory_core_internal._bitmap_positions(k.item_sets) AS positions,
               CASE WHEN k.items < many
                    THEN ARRAY(SELECT inventory_core_internal._bitmap_ids(k.chunk, inventory_core_internal._bitmap_union(k.item_sets)))
               END AS ids,
               e.positions AS elsewhere, e.start_nos,
               seen.positions AS seen, seen.run_ids, seen.started_ats
        FROM chunks AS k
        LEFT JOIN elsewhere AS e ON e.chunk = k.chunk
        CROSS JOIN LATERAL inventory_core_internal._seen(tenant, k.chunk) AS seen
        ORDER BY k.chunk
    LOOP
        groups := c.groups;
        run_ids := c.run_ids;
        started_ats := c.started_ats;
        start_nos := c.start_nos;
        IF c.ids IS NULL THEN
            RETURN QUERY
            SELECT i.item_id, i.policy_type, i.external_id, i.display_name, i.meta, i.first_seen_at,
                   started_ats[inventory_core_internal._bitmap_position(c.seen, i.item_id)],
                   run_ids[inventory_core_internal._bitmap_position(c.seen, i.item_id)],
                   (g.answer).missed_runs, (g.answer).missing_since, (g.answer).run_id, (g.answer).confidence,
                   CASE WHEN start_nos[inventory_core_internal._bitmap_position(c.elsewhere, i.item_id)] > (g.answer).start_no
                        THEN (g.answer).reasons || text 'seen_elsewhere' ELSE (g.answer).reasons END
            FROM inventory_core_internal.items AS i
            CROSS JOIN LATERAL (SELECT groups[inventory_core_internal._bitmap_position(c.positions, i.item_id)] AS answer
                                OFFSET 0) AS g
            WHERE i.tenant_id = tenant
              AND i.item_id BETWEEN c.chunk::bigint << 16 AND (c.chunk::bigint << 16) | 65535
              AND (g.answer).run_id IS NOT NULL
            ORDER BY i.item_id;
        ELSE
            RETURN QUERY
            SELECT i.item_id, i.policy_type, i.external_id, i.display_name, i.meta, i.first_seen_at,
                   started_ats[inventory_core_internal._bitmap_position(c.seen, i.item_id)],
                   run_ids[inventory_core_internal._bitmap_position(c.seen, i.item_id)],
                   (g.answer).missed_runs, (g.answer).missing_since, (g.answer).run_id, (g.answer).confidence,
                   CASE WHEN start_nos[inventory_core_internal._bitmap_position(c.elsewhere, i.item_id)] > (g.answer).start_no
                        THEN (g.answer).reasons || text 'seen_elsewhere' ELSE (g.answer).reasons END
            FROM unnest(c.ids) AS id
            CROSS JOIN LATERAL (SELECT i.* FROM inventory_core_internal.items AS i
                                WHERE i.tenant_id = tenant AND i.item_id = id OFFSET 0) AS i
            CROSS JOIN LATERAL (SELECT groups[inventory_core_internal._bitmap_position(c.positions, i.item_id)] AS answer
                                OFFSET 0) AS g
            ORDER BY i.item_id;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory_core.missing_items(text, text, text) IS
    'The known items of a selection that the baseline did not observe, with confidence and reasons';
