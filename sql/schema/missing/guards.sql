-- The guards check the types that the run would vouch for according to the errors that its caller recorded. Other types do
-- not count: otherwise a type that is always forbidden would shrink the total and so cast doubt on all others.
CREATE FUNCTION inventory_core_internal._add_guard_errors(
    run inventory_core_internal.sync_runs, status text, observed_in_all bigint, expected_items bigint, accept_shrink boolean,
    policy_types text[], unobserved bigint[], removed bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    failed_types text[];
    is_unlocated boolean;
    judged record;
    is_short boolean;
    is_empty boolean;
    has_shrunk boolean;
    shrunk_types text[];
    guard CONSTANT numeric := inventory_core_internal._shrink_guard();
    least_items CONSTANT bigint := inventory_core_internal._shrink_guard_min_items();
BEGIN
    SELECT coalesce(array_agg(DISTINCT e.policy_type) FILTER (WHERE e.policy_type IS NOT NULL), '{}'),
           coalesce(bool_or(e.policy_type IS NULL), false)
    INTO failed_types, is_unlocated
    FROM inventory_core_internal.sync_errors AS e
    WHERE e.tenant_id = run.tenant_id AND e.run_id = run.run_id AND e.by_caller;
    IF is_unlocated OR status = 'partial' AND failed_types = '{}' OR run.policy_types <@ failed_types THEN
        RETURN;
    END IF;
    SELECT sum(t.observed) AS observed, sum(t.present_count) AS present, sum(t.reference_count) AS reference,
           array_agg(t.policy_type ORDER BY t.policy_type)
               FILTER (WHERE t.reference_count >= least_items AND t.observed < guard * t.reference_count) AS shrunk_types
    INTO judged
    FROM (SELECT t.policy_type, t.present_count, t.present_count - coalesce(u.unobserved, 0) AS observed,
                 -- what the run itself removed is not expected
                 t.reference_count - coalesce(u.removed, 0) AS reference_count
          FROM inventory_core_internal.selection_types AS t
          LEFT JOIN unnest(policy_types, unobserved, removed) AS u (policy_type, unobserved, removed) ON u.policy_type = t.policy_type
          WHERE t.tenant_id = run.tenant_id AND t.selection_hash = run.selection_hash AND t.policy_type <> ''
            -- hashed, because lists of types may be long
            AND t.policy_type NOT IN (SELECT unnest(failed_types))
            AND (run.policy_types IS NULL OR t.policy_type IN (SELECT unnest(run.policy_types)))) AS t;

    is_short := observed_in_all < expected_items * (1 - inventory_core_internal._expected_tolerance()::numeric);
    is_empty := judged.present > 0 AND judged.observed = 0 AND expected_items IS DISTINCT FROM 0;
    has_shrunk := NOT accept_shrink AND judged.reference >= least_items AND judged.observed < guard * judged.reference;
    shrunk_types := CASE WHEN NOT accept_shrink THEN judged.shrunk_types END;
    IF is_short OR is_empty OR has_shrunk OR shrunk_types IS NOT NULL THEN
        INSERT INTO inventory_core_internal.sync_errors
            (tenant_id, run_id, error_no, error_code, policy_type, recorded_at, by_caller)
        SELECT run.tenant_id, run.run_id, before.error_no + row_number() OVER (ORDER BY d.place, d.policy_type COLLATE "C"),
               d.error_code, d.policy_type, inventory_core_internal._now(), false
        FROM (SELECT 1, 'short_of_expected', NULL::text WHERE is_short
              UNION ALL
              SELECT 2, 'nothing_observed', NULL WHERE is_empty
              UNION ALL
              SELECT 3, 'shrink_guard', NULL WHERE has_shrunk
              UNION ALL
              SELECT 4, 'shrink_guard', s.policy_type FROM unnest(shrunk_types) AS s (policy_type))
            AS d (place, error_code, policy_type)
        CROSS JOIN (SELECT coalesce(max(e.error_no), 0) AS error_no FROM inventory_core_internal.sync_errors AS e
                    WHERE e.tenant_id = run.tenant_id AND e.run_id = run.run_id) AS before;
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._add_guard_errors(
    inventory_core_internal.sync_runs, text, bigint, bigint, boolean, text[], bigint[], bigint[]) IS
    'Adds the errors of the guards to an ending full run: short_of_expected, nothing_observed, shrink_guard';
