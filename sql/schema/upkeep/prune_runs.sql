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

CREATE FUNCTION inventory_core_internal._prunable_runs(tenant text, finished_until timestamptz, keep_last integer, at_most integer)
RETURNS TABLE (run_id uuid, selection_hash text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- What no answer needs stays so: sets, baselines and references only ever move on to newer runs. So
    -- a run that is found here may be removed later, whatever has been finished meanwhile.
    WITH completed AS MATERIALIZED (
        SELECT r.run_id, r.selection_hash, r.run_seq, r.start_no, r.status, r.finished_at,
               row_number() OVER (PARTITION BY r.selection_hash ORDER BY r.run_seq DESC) AS back,
               e.had_errors, e.had_real_errors
        FROM inventory_core_internal.sync_runs AS r
        CROSS JOIN LATERAL (
            SELECT count(*) > 0 AS had_errors,
                   count(*) FILTER (WHERE x.error_code <> 'shrink_guard') > 0 AS had_real_errors
            FROM inventory_core_internal.sync_errors AS x
            WHERE x.tenant_id = r.tenant_id AND x.run_id = r.run_id) AS e
        WHERE r.tenant_id = _prunable_runs.tenant AND r.status <> 'running'
    ), needed AS MATERIALIZED (
        -- the run that last saw an item, and the one after it, which gives missing_since
        SELECT s.selection_hash, s.run_seq + n.after AS run_seq
        FROM inventory_core_internal._last_seen_runs(_prunable_runs.tenant) AS s
        CROSS JOIN (VALUES (0), (1)) AS n (after)
        UNION
        -- the latest success gives previous_total of run_progress, the latest clean one is a baseline, and
        -- the latest without other errors than shrink_guard is the reference of that guard
        SELECT l.selection_hash, g.run_seq
        FROM (SELECT c.selection_hash,
                     max(c.run_seq) AS success,
                     max(c.run_seq) FILTER (WHERE NOT c.had_errors) AS clean,
                     max(c.run_seq) FILTER (WHERE NOT c.had_real_errors) AS reference
              FROM completed AS c
              WHERE c.status = 'success'
              GROUP BY c.selection_hash) AS l
        CROSS JOIN LATERAL (VALUES (l.success), (l.clean), (l.reference)) AS g (run_seq)
        WHERE g.run_seq IS NOT NULL
    )
    SELECT c.run_id, c.selection_hash
    FROM completed AS c
    -- The latest is the baseline, and what the next run_seq and start_no are counted from.
    WHERE c.back > greatest(_prunable_runs.keep_last, 1)
      AND c.finished_at <= _prunable_runs.finished_until
      -- NOT IN is hashed whatever the planner believes of the sizes; nothing here is NULL
      AND (c.selection_hash, c.run_seq) NOT IN (SELECT n.selection_hash, n.run_seq FROM needed AS n)
      -- what is not folded yet
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
    -- by both measures: '-12 months 361 days' compares as positive and leads back
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
    'Raises 22004 or 22023 for what does not say which runs to keep';

CREATE FUNCTION inventory_core_internal._time_before(span interval) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- In seconds, which cannot overflow where months and days of different signs do.
    SELECT inventory_core_internal._now()
           - make_interval(secs => least(extract(epoch FROM span), 2000 * 365.25 * 86400)::double precision);
END;
COMMENT ON FUNCTION inventory_core_internal._time_before(interval) IS 'The time that lies so far back';

CREATE FUNCTION inventory_core_internal._prune(tenant text, finished_until timestamptz, keep_last integer, at_most integer)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    pruned uuid[];
BEGIN
    SELECT array_agg(p.run_id) INTO pruned
    FROM inventory_core_internal._prunable_runs(tenant, finished_until, keep_last, at_most) AS p;

    -- What another transaction has locked is left for the next time.
    pruned := ARRAY(SELECT r.run_id FROM inventory_core_internal.sync_runs AS r
                    WHERE r.tenant_id = tenant AND r.run_id = ANY (pruned)
                    FOR UPDATE SKIP LOCKED);

    INSERT INTO inventory_core_internal.pruned_runs
        (tenant_id, selection_hash, run_seq, run_id, started_at, status, error_codes)
    SELECT r.tenant_id, r.selection_hash, r.run_seq, r.run_id, r.started_at, r.status,
           ARRAY(SELECT DISTINCT x.error_code FROM inventory_core_internal.sync_errors AS x
                 WHERE x.tenant_id = r.tenant_id AND x.run_id = r.run_id
                 ORDER BY x.error_code)
    FROM inventory_core_internal.sync_runs AS r
    WHERE r.tenant_id = tenant AND r.run_id = ANY (pruned);
    -- Listed from the run on that was the last to see some item; what is older, explain_missing never gets to.
    WITH listed_from AS MATERIALIZED (
        SELECT s.selection_hash, min(l.run_seq) AS run_seq
        FROM inventory_core_internal.selections AS s
        LEFT JOIN inventory_core_internal._last_seen_runs(tenant) AS l ON l.selection_hash = s.selection_hash
        WHERE s.tenant_id = tenant
        GROUP BY s.selection_hash)
    DELETE FROM inventory_core_internal.pruned_runs AS p
    USING listed_from AS f
    WHERE p.tenant_id = tenant AND p.selection_hash = f.selection_hash
      AND p.run_seq < coalesce(f.run_seq, p.run_seq + 1);

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
    'Removes old runs that no answer needs: neither among the last of their selection nor finished lately';
