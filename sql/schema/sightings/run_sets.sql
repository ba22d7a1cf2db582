CREATE FUNCTION inventory_core_internal._run_sets(tenant text, run_id uuid)
RETURNS TABLE (chunk integer, observed bytea, inserted bytea, updated bytea, unchanged bytea)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.chunk,
           s.observed,
           s.inserted,
           inventory_core_internal._bitmap_subtract(s.updated, s.inserted),
           inventory_core_internal._bitmap_subtract(s.unchanged, inventory_core_internal._bitmap_union(ARRAY[s.inserted, s.updated]))
    FROM (SELECT p.chunk,
                 inventory_core_internal._bitmap_union(array_agg(p.item_ids)) AS observed,
                 inventory_core_internal._bitmap_union(array_agg(p.item_ids) FILTER (WHERE p.kind = 'inserted')) AS inserted,
                 inventory_core_internal._bitmap_union(array_agg(p.item_ids) FILTER (WHERE p.kind = 'updated')) AS updated,
                 inventory_core_internal._bitmap_union(array_agg(p.item_ids) FILTER (WHERE p.kind = 'unchanged')) AS unchanged
          FROM inventory_core_internal.run_parts AS p
          WHERE p.tenant_id = _run_sets.tenant AND p.run_id = _run_sets.run_id
          GROUP BY p.chunk) AS s;
END;
COMMENT ON FUNCTION inventory_core_internal._run_sets(text, uuid) IS
    'What a running run has observed so far: each item once, as the strongest of inserted > updated > unchanged';

CREATE FUNCTION inventory_core_internal._observed_sets(tenant text, run_id uuid)
RETURNS TABLE (chunks integer[], observed bytea[], items bigint, are_unchanged boolean, redacted_values bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT array_agg(c.chunk), array_agg(c.observed),
           coalesce(sum(inventory_core_internal._bitmap_count(c.observed)), 0)::bigint,
           coalesce(bool_and(c.are_unchanged), true), coalesce(sum(c.redacted_values), 0)::bigint
    FROM (SELECT p.chunk, inventory_core_internal._bitmap_union(array_agg(p.item_ids)) AS observed,
                 bool_and(p.kind = 'unchanged') AS are_unchanged, sum(p.redacted_values) AS redacted_values
          FROM inventory_core_internal.run_parts AS p
          WHERE p.tenant_id = _observed_sets.tenant AND p.run_id = _observed_sets.run_id
          GROUP BY p.chunk) AS c;
END;
COMMENT ON FUNCTION inventory_core_internal._observed_sets(text, uuid) IS
    'What a run has observed, as parallel arrays of chunks and bitmaps, and whether none of it was new or changed';

CREATE FUNCTION inventory_core_internal._run_counts(tenant text, run_id uuid)
RETURNS TABLE (observed bigint, inserted bigint, updated bigint, unchanged bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(sum(inventory_core_internal._bitmap_count(s.observed)), 0)::bigint,
           coalesce(sum(inventory_core_internal._bitmap_count(s.inserted)), 0)::bigint,
           coalesce(sum(inventory_core_internal._bitmap_count(s.updated)), 0)::bigint,
           coalesce(sum(inventory_core_internal._bitmap_count(s.unchanged)), 0)::bigint
    FROM inventory_core_internal._run_sets(_run_counts.tenant, _run_counts.run_id) AS s;
END;
COMMENT ON FUNCTION inventory_core_internal._run_counts(text, uuid) IS 'The counts of a running run so far';

CREATE FUNCTION inventory_core_internal._lease_end(run inventory_core_internal.sync_runs) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN greatest(run.lease_expires_at,
                    (SELECT max(p.recorded_at) + run.lease
                     FROM inventory_core_internal.run_parts AS p
                     WHERE p.tenant_id = run.tenant_id AND p.run_id = run.run_id));
END
$$;
COMMENT ON FUNCTION inventory_core_internal._lease_end(inventory_core_internal.sync_runs) IS
    'When the lease of a run ends, counted from its start, last batch or last heartbeat';
