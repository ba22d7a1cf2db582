CREATE FUNCTION inventory_core_internal._spared_sets(tenant text, selection_hash text)
RETURNS TABLE (chunk integer, item_ids bytea)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.chunk, inventory_core_internal._bitmap_union(array_agg(s.item_ids))
    FROM (-- what another selection knows and does not miss by its latest_clean
          SELECT p.chunk, inventory_core_internal._bitmap_subtract(p.known_ids, p.missing_ids) AS item_ids
          FROM inventory_core_internal.presence AS p
          WHERE p.tenant_id = _spared_sets.tenant AND p.selection_hash <> _spared_sets.selection_hash
          UNION ALL
          -- what a running run of any selection has observed
          SELECT p.chunk, p.item_ids
          FROM inventory_core_internal.sync_runs AS r
          JOIN inventory_core_internal.run_parts AS p ON p.tenant_id = r.tenant_id AND p.run_id = r.run_id
          WHERE r.tenant_id = _spared_sets.tenant AND r.status = 'running') AS s
    GROUP BY s.chunk;
END;
COMMENT ON FUNCTION inventory_core_internal._spared_sets(text, text) IS
    'The items that forget_missing of a selection keeps: another selection does not miss them, or a running run observed them';

CREATE FUNCTION inventory_core_internal._check_forget_missing(min_missed_runs integer, min_age interval, dry_run boolean)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._require('min_missed_runs', min_missed_runs IS NOT NULL);
    PERFORM inventory_core_internal._require('min_age', min_age IS NOT NULL);
    PERFORM inventory_core_internal._require('dry_run', dry_run IS NOT NULL);
    -- by both measures: '-12 months 361 days' compares as positive, but adding it gives an earlier time
    IF min_missed_runs < 0 OR min_age < interval '0' OR extract(epoch FROM min_age) < 0 THEN
        RAISE EXCEPTION 'invalid argument of forget_missing'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = CASE WHEN min_missed_runs < 0 THEN format('Argument min_missed_runs: it is %s.', min_missed_runs)
                                ELSE format('Argument min_age: it is %s.', min_age) END,
                  HINT = 'min_missed_runs is a count of runs and min_age an interval; neither is negative.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._check_forget_missing(integer, interval, boolean) IS
    'Raises 22004 or 22023 for invalid arguments of forget_missing';

CREATE FUNCTION inventory_core.forget_missing(
    tenant text, selection_hash text, min_missed_runs integer, min_age interval, dry_run boolean DEFAULT true)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    gone bigint[];
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant, 'maintainer');
    PERFORM inventory_core_internal._begin_read(tenant, selection_hash);
    PERFORM inventory_core_internal._check_forget_missing(min_missed_runs, min_age, dry_run);
    PERFORM inventory_core_internal._require_selection(tenant, forget_missing.selection_hash);
    IF NOT dry_run THEN
        -- Waits for uncommitted batches and ends of runs: the query below must see what they observed.
        PERFORM inventory_core_internal._lock_shared('tenant', ''), inventory_core_internal._lock('items', '');
    END IF;
    gone := ARRAY(
        SELECT m.item_id
        FROM inventory_core.missing_items(tenant, selection_hash, 'latest_clean') AS m
        LEFT JOIN inventory_core_internal._spared_sets(tenant, selection_hash) AS e ON e.chunk = m.item_id >> 16
        -- if the API said that it was removed, that is enough
        WHERE (m.missed_runs >= min_missed_runs OR 'removed' = ANY (m.reasons))
          AND m.missing_since <= inventory_core_internal._time_before(min_age)
          AND NOT coalesce(inventory_core_internal._bitmap_contains(e.item_ids, m.item_id), false));
    IF dry_run THEN
        RETURN cardinality(gone);
    END IF;
    RETURN inventory_core.forget_items(tenant, gone);
END
$$;
COMMENT ON FUNCTION inventory_core.forget_missing(text, text, integer, interval, boolean) IS
    'Forgets items missing by latest_clean for that many runs and that long, except those that another selection has';
