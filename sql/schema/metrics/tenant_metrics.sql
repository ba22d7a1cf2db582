-- What metrics() counts for one tenant. Only bitmaps and indexes are read, never an item. Nested loops are off as in
-- _type_baselines: they would make it cost the square of the selections.

CREATE FUNCTION inventory_core_internal._selection_states(tenant text)
RETURNS TABLE (selection_hash text, running bigint, expired bigint, refused bigint, clean_since timestamptz)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    now CONSTANT timestamptz := inventory_core_internal._now();
BEGIN
    RETURN QUERY
    SELECT s.selection_hash, (r.run_id IS NOT NULL)::integer::bigint,
           coalesce(inventory_core_internal._lease_end(r) <= now, false)::integer::bigint,
           s.refused, coalesce(c.finished_at, s.first_run_at)
    FROM (SELECT x.selection_hash, sum(x.refused_count)::bigint AS refused, min(x.first_run_at) AS first_run_at
          FROM (SELECT o.selection_hash, o.refused_count, o.first_run_at
                FROM inventory_core_internal.selections AS o WHERE o.tenant_id = tenant
                UNION ALL
                SELECT f.selection_hash, f.refused_count, NULL
                FROM inventory_core_internal.refusals AS f WHERE f.tenant_id = tenant) AS x
          GROUP BY x.selection_hash) AS s
    LEFT JOIN inventory_core_internal.sync_runs AS r
        ON r.tenant_id = tenant AND r.selection_hash = s.selection_hash AND r.status = 'running'
    LEFT JOIN LATERAL (SELECT b.finished_at FROM inventory_core_internal.sync_runs AS b
                       WHERE b.tenant_id = tenant AND b.selection_hash = s.selection_hash AND b.is_clean
                       ORDER BY b.run_seq DESC
                       LIMIT 1) AS c ON true;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._selection_states(text) IS
    'For each selection of a tenant: running and expired runs, refused starts, end of its last clean run, else its first start';

CREATE FUNCTION inventory_core_internal._clean_sets(tenant text)
RETURNS TABLE (selection_hash text, chunk integer, known_ids bytea, present_ids bytea)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = off
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH observed AS MATERIALIZED (
        SELECT r.selection_hash, o.chunk, o.item_ids
        FROM inventory_core_internal.sync_runs AS r
        CROSS JOIN LATERAL inventory_core_internal._running_sets(tenant, r.selection_hash) AS o
        WHERE r.tenant_id = tenant AND r.status = 'running')
    SELECT coalesce(p.selection_hash, o.selection_hash), coalesce(p.chunk, o.chunk), p.known_ids,
           inventory_core_internal._bitmap_union(ARRAY[
               inventory_core_internal._bitmap_subtract(p.known_ids, p.missing_ids), o.item_ids])
    FROM (SELECT q.selection_hash, q.chunk, q.known_ids, q.missing_ids
          FROM inventory_core_internal.presence AS q WHERE q.tenant_id = tenant) AS p
    FULL JOIN observed AS o ON o.selection_hash = p.selection_hash AND o.chunk = p.chunk;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._clean_sets(text) IS
    'For each selection of a tenant: the items that it knows, and those that are present by latest_clean or in its running run';

CREATE FUNCTION inventory_core_internal._tenant_metrics(tenant text, by text)
RETURNS TABLE (metric text, selection_hash text, value double precision)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    now CONSTANT timestamptz := inventory_core_internal._now();
    tenant_limit integer;
BEGIN
    PERFORM inventory_core.set_tenant(tenant);
    -- The group '' is the whole tenant: there an item is missing if every selection that knows it misses it.
    RETURN QUERY
    SELECT m.metric, nullif(s.hash, ''), m.value
    FROM (SELECT CASE by WHEN 'selection' THEN a.selection_hash ELSE '' END AS hash, sum(a.running) AS running,
                 sum(a.expired) AS expired, sum(a.refused) AS refused,
                 extract(epoch FROM greatest(now - min(a.clean_since), interval '0'))::double precision AS age
          FROM inventory_core_internal._selection_states(tenant) AS a
          GROUP BY 1) AS s
    LEFT JOIN (SELECT k.hash, sum(inventory_core_internal._bitmap_count(k.known_ids)) AS known,
                      sum(inventory_core_internal._bitmap_count(
                          inventory_core_internal._bitmap_subtract(k.known_ids, k.present_ids))) AS missing
               FROM (SELECT CASE by WHEN 'selection' THEN c.selection_hash ELSE '' END AS hash,
                            inventory_core_internal._bitmap_union(array_agg(c.known_ids)) AS known_ids,
                            inventory_core_internal._bitmap_union(array_agg(c.present_ids)) AS present_ids
                     FROM inventory_core_internal._clean_sets(tenant) AS c
                     GROUP BY 1, c.chunk) AS k
               GROUP BY k.hash) AS i ON i.hash = s.hash
    CROSS JOIN LATERAL (VALUES ('inventory_core_running_runs', s.running::double precision),
                               ('inventory_core_expired_runs', s.expired::double precision),
                               ('inventory_core_refused_starts_total', s.refused::double precision),
                               ('inventory_core_known_items', coalesce(i.known, 0)::double precision),
                               ('inventory_core_missing_items', coalesce(i.missing, 0)::double precision),
                               ('inventory_core_last_clean_run_age_seconds', s.age)) AS m (metric, value)
    WHERE m.value IS NOT NULL;
    RETURN QUERY
    SELECT 'inventory_core_cooling_down_scopes', NULL::text, count(*)::double precision
    FROM inventory_core_internal.cooldowns AS c WHERE c.tenant_id = tenant AND c.until > now;
    tenant_limit := inventory_core_internal._tenant_limit(tenant);
    RETURN QUERY
    SELECT 'inventory_core_running_runs_limit', NULL::text,
           CASE WHEN tenant_limit < 0 THEN double precision 'Infinity' ELSE tenant_limit END;
    PERFORM inventory_core.clear_tenant();
END
$$;
COMMENT ON FUNCTION inventory_core_internal._tenant_metrics(text, text) IS
    'The metrics of one tenant, or of each of its selections; binds the tenant, and ends the binding';
