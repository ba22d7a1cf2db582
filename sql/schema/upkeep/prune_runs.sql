CREATE FUNCTION inventory_core_internal._last_seen_runs(tenant text)
RETURNS TABLE (selection_hash text, run_seq bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT DISTINCT r.selection_hash, r.run_seq
    FROM inventory_core_internal.last_seen AS l
    JOIN inventory_core_internal.sync_runs AS r ON r.tenant_id = l.tenant_id AND r.run_id = l.run_id
    WHERE l.tenant_id = _last_seen_runs.tenant;
END;
COMMENT ON FUNCTION inventory_core_internal._last_seen_runs(text) IS 'The runs of a tenant that were the last to see an item';

CREATE FUNCTION inventory_core_internal._baseline_runs(tenant text)
RETURNS TABLE (selection_hash text, run_seq bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- for each type, and for the empty type, which stands for types not seen yet
    SELECT t.selection_hash, inventory_core_internal._runs_last(b.runs)
    FROM inventory_core_internal.selection_types AS t
    LEFT JOIN inventory_core_internal.selection_types AS every
        ON every.tenant_id = t.tenant_id AND every.selection_hash = t.selection_hash AND every.policy_type = ''
    CROSS JOIN LATERAL (
        SELECT CASE WHEN t.policy_type = '' THEN t.covering_runs
                    ELSE inventory_core_internal._runs_differ(every.covering_runs, t.covering_runs) END
        WHERE t.covering_runs IS NOT NULL
        UNION ALL
        SELECT CASE WHEN t.policy_type = '' THEN t.vouching_runs
                    ELSE inventory_core_internal._runs_differ(every.vouching_runs, t.vouching_runs) END
        WHERE t.vouching_runs IS NOT NULL) AS b (runs)
    WHERE t.tenant_id = _baseline_runs.tenant;
END;
COMMENT ON FUNCTION inventory_core_internal._baseline_runs(text) IS
    'The runs of a tenant that are the baseline of some type, by latest or latest_clean';

CREATE FUNCTION inventory_core_internal._prunable_runs(tenant text, finished_until timestamptz, keep_last integer, at_most integer)
RETURNS TABLE (run_id uuid, selection_hash text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- A run that no answer needs stays unneeded: sets and baselines only move to newer runs. So a run that is found here may be
    -- removed later, whatever finished meanwhile.
    WITH completed AS MATERIALIZED (
        SELECT r.run_id, r.selection_hash, r.run_seq, r.start_no, r.finished_at, r.is_clean,
               row_number() OVER (PARTITION BY r.selection_hash ORDER BY r.run_seq DESC) AS back,
               row_number() OVER (PARTITION BY r.selection_hash, r.mode, r.policy_types ORDER BY r.run_seq DESC) AS back_of_kind,
               row_number() OVER (PARTITION BY r.selection_hash, r.is_clean ORDER BY r.run_seq DESC) AS back_of_clean,
               row_number() OVER (PARTITION BY r.selection_hash, r.mode, r.policy_types, r.is_clean ORDER BY r.run_seq DESC)
                   AS back_of_clean_kind
        FROM inventory_core_internal.sync_runs AS r
        WHERE r.tenant_id = _prunable_runs.tenant AND r.status <> 'running'
    ), needed AS MATERIALIZED (
        -- the runs that last saw an item, the runs that last removed one, and the baselines
        SELECT s.selection_hash, s.run_seq
        FROM inventory_core_internal._last_seen_runs(_prunable_runs.tenant) AS s
        UNION
        SELECT d.selection_hash, d.last_seq
        FROM inventory_core_internal.removed_items AS d
        WHERE d.tenant_id = _prunable_runs.tenant
        UNION
        SELECT b.selection_hash, b.run_seq
        FROM inventory_core_internal._baseline_runs(_prunable_runs.tenant) AS b
        WHERE b.run_seq IS NOT NULL
        UNION
        -- the latest clean run, and the latest and the latest clean one of those that cover the same types: for selection_status,
        -- min_age and previous_total
        SELECT c.selection_hash, c.run_seq
        FROM completed AS c
        WHERE c.back_of_kind = 1 OR c.is_clean AND (c.back_of_clean = 1 OR c.back_of_clean_kind = 1)
    )
    SELECT c.run_id, c.selection_hash
    FROM completed AS c
    -- The next run_seq and start_no are counted from the latest run.
    WHERE c.back > greatest(_prunable_runs.keep_last, 1)
      AND c.finished_at <= _prunable_runs.finished_until
      -- NOT IN is hashed whatever sizes the planner estimates; nothing here is NULL
      AND (c.selection_hash, c.run_seq) NOT IN (SELECT n.selection_hash, n.run_seq FROM needed AS n)
      -- runs that are not folded yet
      AND NOT EXISTS (SELECT FROM inventory_core_internal.run_parts AS p
                      WHERE p.tenant_id = _prunable_runs.tenant AND p.run_id = c.run_id)
    ORDER BY c.start_no, c.run_id
    LIMIT _prunable_runs.at_most;
END;
COMMENT ON FUNCTION inventory_core_internal._prunable_runs(text, timestamptz, integer, integer) IS
    'The oldest runs of a tenant that no answer needs any more';

CREATE FUNCTION inventory_core_internal._check_prune(keep interval, keep_last integer) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._require('keep', keep IS NOT NULL);
    PERFORM inventory_core_internal._require('keep_last', keep_last IS NOT NULL);
    -- by both measures: '-12 months 361 days' compares as positive, but adding it gives an earlier time
    IF keep < interval '0' OR extract(epoch FROM keep) < 0 OR keep_last < 0 THEN
        RAISE EXCEPTION 'invalid argument of prune_runs'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = CASE WHEN keep_last < 0 THEN format('Argument keep_last: it is %s.', keep_last)
                                ELSE format('Argument keep: it is %s.', keep) END,
                  HINT = 'keep is an interval and keep_last a count of runs of each selection; neither is negative.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._check_prune(interval, integer) IS
    'Raises 22004 or 22023 for invalid arguments of prune_runs';

CREATE FUNCTION inventory_core_internal._time_before(span interval) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- In seconds, which cannot overflow as months and days of different signs can.
    SELECT inventory_core_internal._now()
           - make_interval(secs => least(extract(epoch FROM span), 2000 * 365.25 * 86400)::double precision);
END;
COMMENT ON FUNCTION inventory_core_internal._time_before(interval) IS 'The time that is this interval before now';

CREATE FUNCTION inventory_core_internal._prune(tenant text, finished_until timestamptz, keep_last integer, at_most integer)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    pruned uuid[];
    selections text[];
BEGIN
    -- forget_selection may make a run the last one that saw an item.
    PERFORM inventory_core_internal._lock_shared('history', '');
    SELECT array_agg(p.run_id), array_agg(DISTINCT p.selection_hash) INTO pruned, selections
    FROM inventory_core_internal._prunable_runs(tenant, finished_until, keep_last, at_most) AS p;

    -- Runs that wait for a number in the feed, and runs that another transaction has locked are left for the next call.
    pruned := ARRAY(SELECT r.run_id FROM inventory_core_internal.sync_runs AS r
                    WHERE r.tenant_id = tenant AND r.run_id = ANY (pruned)
                      AND NOT EXISTS (SELECT FROM inventory_core_internal.feed_waiting AS w
                                      WHERE w.tenant_id = tenant AND w.run_id = r.run_id)
                    FOR UPDATE SKIP LOCKED);

    INSERT INTO inventory_core_internal.pruned_runs
        (tenant_id, selection_hash, run_seq, run_id, started_at, status, error_codes)
    SELECT r.tenant_id, r.selection_hash, r.run_seq, r.run_id, r.started_at, r.status,
           ARRAY(SELECT DISTINCT x.error_code FROM inventory_core_internal.sync_errors AS x
                 WHERE x.tenant_id = r.tenant_id AND x.run_id = r.run_id
                 ORDER BY x.error_code)
    FROM inventory_core_internal.sync_runs AS r
    WHERE r.tenant_id = tenant AND r.run_id = ANY (pruned);
    -- Counts by type are reported for kept runs: a count that is valid for none of them is removed.
    DELETE FROM inventory_core_internal.type_counts AS c
    USING (SELECT n.selection_hash, n.policy_type, n.run_seq,
                  lead(n.run_seq) OVER (PARTITION BY n.selection_hash, n.policy_type ORDER BY n.run_seq) AS until_seq
           FROM inventory_core_internal.type_counts AS n
           WHERE n.tenant_id = tenant AND n.selection_hash = ANY (selections)) AS n
    WHERE c.tenant_id = tenant AND c.selection_hash = n.selection_hash AND c.policy_type = n.policy_type AND c.run_seq = n.run_seq
      AND NOT EXISTS (SELECT FROM inventory_core_internal.sync_runs AS r
                      WHERE r.tenant_id = tenant AND r.selection_hash = n.selection_hash
                        AND r.run_seq >= n.run_seq AND r.run_seq < n.until_seq AND NOT r.run_id = ANY (pruned))
      AND n.until_seq IS NOT NULL;
    -- Kept from the oldest run on that was the last to see some item: explain_missing never reaches older ones.
    WITH listed_from AS MATERIALIZED (
        SELECT s.selection_hash, min(l.run_seq) AS run_seq
        FROM inventory_core_internal.selections AS s
        LEFT JOIN inventory_core_internal._last_seen_runs(tenant) AS l ON l.selection_hash = s.selection_hash
        WHERE s.tenant_id = tenant
        GROUP BY s.selection_hash
    ), removals_of_older AS (
        DELETE FROM inventory_core_internal.removals AS d
        USING listed_from AS f
        WHERE d.tenant_id = tenant AND d.selection_hash = f.selection_hash
          AND d.run_seq < coalesce(f.run_seq, d.run_seq + 1) AND d.earlier_parts IS NULL)
    DELETE FROM inventory_core_internal.pruned_runs AS p
    USING listed_from AS f
    WHERE p.tenant_id = tenant AND p.selection_hash = f.selection_hash
      AND p.run_seq < coalesce(f.run_seq, p.run_seq + 1);

    PERFORM inventory_core_internal._prune_feed(tenant, pruned);
    DELETE FROM inventory_core_internal.sync_errors AS e WHERE e.tenant_id = tenant AND e.run_id = ANY (pruned);
    DELETE FROM inventory_core_internal.run_changes_bitmaps AS b WHERE b.tenant_id = tenant AND b.run_id = ANY (pruned);
    DELETE FROM inventory_core_internal.sync_runs AS r WHERE r.tenant_id = tenant AND r.run_id = ANY (pruned);
    RETURN cardinality(pruned);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._prune(text, timestamptz, integer, integer) IS
    'One step of prune_runs; never waits for a run';

CREATE FUNCTION inventory_core_internal._prune_step_size() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1000;
COMMENT ON FUNCTION inventory_core_internal._prune_step_size() IS 'How many runs one step of prune_runs removes at most';

CREATE FUNCTION inventory_core.prune_runs(tenant text, keep interval DEFAULT '90 days', keep_last integer DEFAULT 10)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    total bigint := 0;
    step bigint;
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant, 'maintainer');
    PERFORM inventory_core_internal._check_prune(keep, keep_last);
    PERFORM inventory_core_internal._lock_shared('tenant', '');
    LOOP
        step := inventory_core_internal._prune(tenant, inventory_core_internal._time_before(keep), keep_last,
                                      inventory_core_internal._prune_step_size());
        EXIT WHEN step = 0;
        total := total + step;
    END LOOP;
    RETURN total;
END
$$;
COMMENT ON FUNCTION inventory_core.prune_runs(text, interval, integer) IS
    'Removes runs that no answer needs, that finished longer than keep ago and are not among the last of their selection';
