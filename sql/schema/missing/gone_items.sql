CREATE FUNCTION inventory_core_internal._gone_sets(tenant text) RETURNS TABLE (chunk integer, item_ids bytea)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT g.chunk, g.item_ids
    FROM (SELECT m.chunk, inventory_core_internal._bitmap_subtract(m.item_ids, e.item_ids) AS item_ids
          FROM (SELECT p.chunk, inventory_core_internal._bitmap_union(array_agg(p.missing_ids)) AS item_ids
                FROM inventory_core_internal.presence AS p
                WHERE p.tenant_id = _gone_sets.tenant
                GROUP BY p.chunk) AS m
          -- '' is the hash of no selection
          LEFT JOIN inventory_core_internal._spared_sets(_gone_sets.tenant, '') AS e ON e.chunk = m.chunk) AS g
    WHERE inventory_core_internal._bitmap_count(g.item_ids) > 0;
END;
COMMENT ON FUNCTION inventory_core_internal._gone_sets(text) IS
    'The items that every selection that knows them misses by latest_clean, and that no running run has observed';

CREATE FUNCTION inventory_core.gone_items(tenant text)
RETURNS TABLE (item_id bigint, policy_type text, external_id text, display_name text, last_seen_at timestamptz,
               missing_since timestamptz)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    c record;
    -- Separate variables: in an array inside a record, each element is found by a walk from the first one.
    sinces timestamptz[];
    started_ats timestamptz[];
BEGIN
    PERFORM inventory_core.set_tenant(tenant);
    FOR c IN
        WITH gone AS MATERIALIZED (
            SELECT g.* FROM inventory_core_internal._gone_sets(tenant) AS g
        ), missed AS MATERIALIZED (
            SELECT g.chunk, (g.answer).missing_since, inventory_core_internal._bitmap_intersect(g.item_ids, gone.item_ids) AS item_ids
            FROM (SELECT DISTINCT p.selection_hash
                  FROM gone
                  JOIN inventory_core_internal.presence AS p ON p.tenant_id = tenant AND p.chunk = gone.chunk
                  WHERE inventory_core_internal._bitmap_count(
                            inventory_core_internal._bitmap_intersect(p.missing_ids, gone.item_ids)) > 0) AS s
            CROSS JOIN LATERAL inventory_core_internal._missing_groups(tenant, s.selection_hash, 'latest_clean') AS g
            JOIN gone ON gone.chunk = g.chunk
        ), since AS MATERIALIZED (
            -- the latest of its selections
            SELECT m.chunk, array_agg(m.missing_since ORDER BY m.missing_since DESC) AS sinces,
                   inventory_core_internal._bitmap_positions(array_agg(m.item_ids ORDER BY m.missing_since DESC)) AS positions
            FROM missed AS m
            GROUP BY m.chunk
        )
        SELECT gone.chunk, gone.item_ids, since.sinces, since.positions, seen.positions AS seen, seen.started_ats
        FROM gone
        LEFT JOIN since ON since.chunk = gone.chunk
        CROSS JOIN LATERAL inventory_core_internal._seen(tenant, gone.chunk) AS seen
        ORDER BY gone.chunk
    LOOP
        sinces := c.sinces;
        started_ats := c.started_ats;
        RETURN QUERY
        SELECT i.item_id, i.policy_type, i.external_id, i.display_name,
               started_ats[inventory_core_internal._bitmap_position(c.seen, i.item_id)],
               sinces[inventory_core_internal._bitmap_position(c.positions, i.item_id)]
        FROM inventory_core_internal._items_of_set(tenant, c.chunk, c.item_ids) AS i
        ORDER BY i.item_id;
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory_core.gone_items(text) IS
    'The items that every selection that knows them misses by latest_clean, and that no running run has observed';
