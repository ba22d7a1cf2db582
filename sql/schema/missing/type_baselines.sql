CREATE FUNCTION inventory_core_internal._check_baseline(baseline text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._require('baseline', baseline IS NOT NULL);
    IF baseline NOT IN ('latest', 'latest_clean') THEN
        RAISE EXCEPTION 'invalid value for baseline'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'It is not one of the two known values.',
                  HINT = 'Use ''latest'' or ''latest_clean''.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._check_baseline(text) IS 'Raises 22023 for an unknown baseline';

CREATE FUNCTION inventory_core_internal._reasons(status text, observed_count bigint, error_codes text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT array_remove(ARRAY[
        CASE WHEN status = 'partial' THEN 'run_partial' END,
        CASE WHEN status = 'failed' THEN 'run_failed' END,
        CASE WHEN cardinality(error_codes) > 0 THEN 'run_had_errors' END,
        CASE WHEN 'lease_expired' = ANY (error_codes) THEN 'lease_expired' END,
        CASE WHEN 'short_of_expected' = ANY (error_codes) THEN 'short_of_expected' END,
        CASE WHEN 'shrink_guard' = ANY (error_codes) THEN 'shrink_guard' END,
        CASE WHEN observed_count = 0 OR 'nothing_observed' = ANY (error_codes) THEN 'nothing_observed' END], NULL);
END;
COMMENT ON FUNCTION inventory_core_internal._reasons(text, bigint, text[]) IS
'The reasons why confidence in a completed run is low';

CREATE FUNCTION inventory_core_internal._run_confidence(tenant text, run_id uuid)
RETURNS TABLE (confidence text, reasons text[])
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN r.is_clean THEN 'high' ELSE 'low' END,
           inventory_core_internal._reasons(r.status, r.observed_count, ARRAY(
               SELECT e.error_code FROM inventory_core_internal.sync_errors AS e
               WHERE e.tenant_id = r.tenant_id AND e.run_id = r.run_id))
    FROM inventory_core_internal.sync_runs AS r
    WHERE r.tenant_id = _run_confidence.tenant AND r.run_id = _run_confidence.run_id;
END;
COMMENT ON FUNCTION inventory_core_internal._run_confidence(text, uuid) IS
'The confidence in a completed run as a whole, and its reasons';

CREATE FUNCTION inventory_core_internal._judging_runs(tenant text, selection_hash text, baseline text)
RETURNS TABLE (policy_type text, runs bytea, baseline_seq bigint, is_started_for boolean, known bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- The set of the empty type is read once; most types do not differ from it.
    WITH types AS MATERIALIZED (
        SELECT t.policy_type, t.covering_runs IS NOT NULL AS is_started_for, t.known_count,
               CASE _judging_runs.baseline WHEN 'latest' THEN t.covering_runs ELSE t.vouching_runs END AS runs
        FROM inventory_core_internal.selection_types AS t
        WHERE t.tenant_id = _judging_runs.tenant AND t.selection_hash = _judging_runs.selection_hash
    ), every AS MATERIALIZED (
        SELECT e.runs, inventory_core_internal._runs_last(e.runs) AS last
        FROM (SELECT (SELECT t.runs FROM types AS t WHERE t.policy_type = '') AS runs) AS e
    )
    SELECT t.policy_type,
           CASE WHEN t.policy_type = '' OR t.runs IS NULL THEN every.runs ELSE d.runs END,
           CASE WHEN t.policy_type = '' OR t.runs IS NULL THEN every.last ELSE inventory_core_internal._runs_last(d.runs) END,
           t.is_started_for, t.known_count
    FROM types AS t
    CROSS JOIN every
    CROSS JOIN LATERAL (SELECT CASE WHEN t.policy_type <> '' AND t.runs IS NOT NULL
                                    THEN inventory_core_internal._runs_differ(every.runs, t.runs) END AS runs OFFSET 0) AS d;
END;
COMMENT ON FUNCTION inventory_core_internal._judging_runs(text, text, text) IS
    'For each policy type of a selection, and the empty one for all others, the runs that count and the last of them';

-- The rows of missing_summary without their counts. The planner does not know the sizes of the intermediate lists, and with
-- thousands of types a wrong nested loop costs their square: so nested loops are off, and look-ups by key are LATERAL. The
-- planner then overestimates the cost and would compile the plan: so jit is off.
CREATE FUNCTION inventory_core_internal._type_baselines(tenant text, selection_hash text, baseline text)
RETURNS TABLE (type_no integer, policy_type text, runs bytea, baseline_seq bigint, run_id uuid, start_no bigint,
               finished_at timestamptz, confidence text, reasons text[], error_codes text[], is_listed boolean, known bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = off
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH judging AS MATERIALIZED (
        SELECT j.* FROM inventory_core_internal._judging_runs(tenant, _type_baselines.selection_hash, _type_baselines.baseline) AS j
    ), baselines AS MATERIALIZED (
        SELECT r.*
        FROM (SELECT DISTINCT j.baseline_seq FROM judging AS j WHERE j.baseline_seq IS NOT NULL) AS d
        CROSS JOIN LATERAL (SELECT r.run_seq, r.run_id, r.start_no, r.status, r.finished_at, r.observed_count
                            FROM inventory_core_internal.sync_runs AS r
                            WHERE r.tenant_id = tenant AND r.selection_hash = _type_baselines.selection_hash
                              AND r.run_seq = d.baseline_seq
                            OFFSET 0) AS r
    ), errors AS MATERIALIZED (
        -- by latest_clean no error of a baseline concerns its type
        SELECT b.run_seq, e.policy_type, array_agg(DISTINCT e.error_code ORDER BY e.error_code) AS codes
        FROM baselines AS b
        CROSS JOIN LATERAL (SELECT e.policy_type, e.error_code FROM inventory_core_internal.sync_errors AS e
                            WHERE e.tenant_id = tenant AND e.run_id = b.run_id
                            OFFSET 0) AS e
        WHERE _type_baselines.baseline = 'latest'
        GROUP BY b.run_seq, e.policy_type
    ), doubts AS MATERIALIZED (
        SELECT b.run_seq, b.run_id, b.start_no, b.finished_at, e.untyped,
               CASE WHEN _type_baselines.baseline = 'latest' AND (b.status <> 'success' OR e.codes IS NOT NULL)
                    THEN 'low' ELSE 'high' END AS confidence,
               CASE WHEN _type_baselines.baseline = 'latest'
                    THEN inventory_core_internal._reasons(b.status, b.observed_count, e.codes) ELSE '{}' END AS reasons
        FROM baselines AS b
        LEFT JOIN (SELECT e.run_seq, array_agg(DISTINCT c.code) AS codes,
                          array_agg(DISTINCT c.code ORDER BY c.code) FILTER (WHERE e.policy_type IS NULL) AS untyped
                   FROM errors AS e CROSS JOIN LATERAL unnest(e.codes) AS c (code)
                   GROUP BY e.run_seq) AS e ON e.run_seq = b.run_seq
    ), types AS MATERIALIZED (
        SELECT j.policy_type, j.runs, j.baseline_seq, j.is_started_for, j.known FROM judging AS j WHERE j.policy_type <> ''
        UNION ALL
        -- types that only an error names
        SELECT e.policy_type, every.runs, every.baseline_seq, false, 0::bigint
        FROM judging AS every
        JOIN errors AS e ON e.run_seq = every.baseline_seq
        WHERE every.policy_type = ''
          AND e.policy_type NOT IN (SELECT j.policy_type FROM judging AS j)
    )
    SELECT (row_number() OVER (ORDER BY t.policy_type))::integer, t.policy_type, t.runs, t.baseline_seq,
           d.run_id, d.start_no, d.finished_at, coalesce(d.confidence, 'none'),
           CASE WHEN d.run_id IS NULL THEN '{}'
                WHEN e.codes IS NOT NULL THEN d.reasons || text 'type_failed'
                ELSE d.reasons END,
           CASE WHEN e.codes IS NULL THEN coalesce(d.untyped, '{}')
                WHEN d.untyped IS NULL THEN e.codes
                ELSE ARRAY(SELECT unnest(e.codes) UNION SELECT unnest(d.untyped) ORDER BY 1) END,
           t.is_started_for OR e.codes IS NOT NULL, t.known
    FROM types AS t
    LEFT JOIN doubts AS d ON d.run_seq = t.baseline_seq
    LEFT JOIN errors AS e ON e.run_seq = t.baseline_seq AND e.policy_type = t.policy_type;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._type_baselines(text, text, text) IS
    'For each policy type of a selection its baseline, with the confidence in it and the reasons';
