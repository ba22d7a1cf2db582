CREATE FUNCTION inventory_core.finish_run(
    tenant text, run_id uuid, status text DEFAULT 'success', expected_items bigint DEFAULT NULL)
RETURNS inventory_core.inventory_sync_runs
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    run inventory_core_internal.sync_runs;
    observed bigint;
    result inventory_core.inventory_sync_runs;
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant);
    PERFORM inventory_core_internal._require_run(run_id);
    PERFORM inventory_core_internal._require('status', finish_run.status IS NOT NULL);
    IF finish_run.status NOT IN ('success', 'partial', 'failed') OR expected_items < 0 THEN
        RAISE EXCEPTION 'invalid argument of finish_run'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = CASE WHEN expected_items < 0 THEN 'Argument expected_items: it is negative.'
                                ELSE 'Argument status: it is none of the three known values.' END,
                  HINT = 'status is ''success'', ''partial'' or ''failed''; expected_items is a count.';
    END IF;

    -- Waits for the batches that are not committed, keeps later ones out.
    run := inventory_core_internal._lock_run_alone(tenant, run_id);
    IF run.status = 'running' THEN
        SELECT c.observed INTO observed FROM inventory_core_internal._run_counts(tenant, run.run_id) AS c;
        IF finish_run.expected_items > observed THEN
            PERFORM inventory_core_internal._add_error(tenant, run.run_id, 'short_of_expected');
        END IF;
        IF finish_run.expected_items IS DISTINCT FROM observed AND inventory_core_internal._shrank(run, observed) THEN
            PERFORM inventory_core_internal._add_error(tenant, run.run_id, 'shrink_guard');
        END IF;
        PERFORM inventory_core_internal._close_run(run, finish_run.status, finish_run.expected_items);
    ELSIF run.status <> finish_run.status OR run.taken_over THEN
        PERFORM inventory_core_internal._raise_not_running(run.status);
    END IF;

    SELECT v.* INTO result FROM inventory_core.inventory_sync_runs AS v
    WHERE v.tenant_id = tenant AND v.run_id = finish_run.run_id;
    RETURN result;
END
$$;
COMMENT ON FUNCTION inventory_core.finish_run(text, uuid, text, bigint) IS
    'Ends a run with its status; suspicious data is kept, only the confidence in it falls';
