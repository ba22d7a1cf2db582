CREATE FUNCTION inventory_core.finish_run(
    tenant text, run_id uuid, status text DEFAULT 'success', expected_items bigint DEFAULT NULL,
    cursor text DEFAULT NULL, accept_shrink boolean DEFAULT false)
RETURNS inventory_core.inventory_sync_runs
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
-- Planned once per session, as are the functions called from here: planning costs more than executing.
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    run inventory_core_internal.sync_runs;
    selection jsonb;
    error_count bigint := 0;
    error_codes text[] := '{}';
    result inventory_core.inventory_sync_runs;
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant);
    IF finish_run.status IS NULL OR accept_shrink IS NULL THEN
        PERFORM inventory_core_internal._require('status', finish_run.status IS NOT NULL);
        PERFORM inventory_core_internal._require('accept_shrink', accept_shrink IS NOT NULL);
    END IF;
    IF finish_run.status NOT IN ('success', 'partial', 'failed') OR expected_items < 0 OR octet_length(cursor) > 8192 THEN
        RAISE EXCEPTION 'invalid argument of finish_run'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = CASE WHEN expected_items < 0 THEN 'Argument expected_items: it is negative.'
                                WHEN octet_length(cursor) > 8192
                                    THEN format('Argument cursor: it has %s bytes.', octet_length(cursor))
                                ELSE 'Argument status: it is not one of the three known values.' END,
                  HINT = 'status is ''success'', ''partial'' or ''failed''; expected_items is a count; a cursor has at most 8192 bytes.';
    END IF;

    -- Waits for uncommitted batches, and makes later ones wait.
    run := inventory_core_internal._lock_run_alone(tenant, run_id);
    IF run.status = 'running' THEN
        IF cursor <> '' AND run.policy_types IS NOT NULL THEN
            RAISE EXCEPTION 'a run with policy_types takes no cursor'
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = 'Later changes of the other types would be lost.',
                      HINT = 'Pass a cursor at the end of runs that were started without policy_types.';
        END IF;
        run := inventory_core_internal._close_run(run, finish_run.status, finish_run.expected_items, finish_run.cursor,
                                                  finish_run.accept_shrink);
    ELSIF run.status <> finish_run.status OR run.taken_over THEN
        PERFORM inventory_core_internal._raise_not_running(run.status);
    END IF;

    -- A tenant whose runs never observed anything is listed, too.
    IF run.observed_count = 0
       AND NOT EXISTS (SELECT FROM inventory_core_internal.tenants AS t WHERE t.tenant_id = tenant) THEN
        INSERT INTO inventory_core_internal.tenants (tenant_id) VALUES (tenant) ON CONFLICT DO NOTHING;
    END IF;

    -- The row of the view inventory_sync_runs, without the parts that only a running run needs.
    SELECT s.selection INTO selection FROM inventory_core_internal.selections AS s
    WHERE s.tenant_id = tenant AND s.selection_hash = run.selection_hash;
    IF run.is_clean IS NOT TRUE THEN
        SELECT count(*), coalesce(array_agg(DISTINCT e.error_code ORDER BY e.error_code), '{}') INTO error_count, error_codes
        FROM inventory_core_internal.sync_errors AS e
        WHERE e.tenant_id = tenant AND e.run_id = run.run_id;
    END IF;
    result := ROW(run.tenant_id, run.run_id, run.run_seq, run.selection_hash, selection, run.status,
                  error_count > 0, error_codes, error_count, run.correlation_id, run.started_at, run.finished_at,
                  run.lease_expires_at, run.observed_count, run.inserted_count, run.updated_count, run.unchanged_count,
                  run.expected_items, run.removed_count, run.mode, run.policy_types);
    RETURN result;
END
$$;
COMMENT ON FUNCTION inventory_core.finish_run(text, uuid, text, bigint, text, boolean) IS
    'Ends a run with a status; suspicious data is kept and lowers confidence only';
