CREATE FUNCTION inventory_core_internal._take_over(run inventory_core_internal.sync_runs) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- The caller holds the items shared and the selection exclusively. If the lock of the run is not free, its owner is alive.
    IF NOT inventory_core_internal._try_lock('run', run.run_id::text) THEN
        RETURN false;
    END IF;
    -- Read again: a batch, a heartbeat or finish_run may have committed before the lock was taken.
    SELECT r.* INTO run FROM inventory_core_internal.sync_runs AS r
    WHERE r.tenant_id = run.tenant_id AND r.run_id = run.run_id;
    IF run.status = 'running' AND inventory_core_internal._lease_end(run) <= inventory_core_internal._now() THEN
        PERFORM inventory_core_internal._add_error(run.tenant_id, run.run_id, 'lease_expired');
        PERFORM inventory_core_internal._close_run(run, 'failed');
        UPDATE inventory_core_internal.sync_runs AS r SET taken_over = true
        WHERE r.tenant_id = run.tenant_id AND r.run_id = run.run_id;
        RETURN true;
    END IF;
    PERFORM inventory_core_internal._unlock('run', run.run_id::text);
    RETURN false;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._take_over(inventory_core_internal.sync_runs) IS
    'Closes a run whose lease has expired; false if its owner is alive';

CREATE FUNCTION inventory_core_internal._reap(tenant text, at_most integer) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    expired inventory_core_internal.sync_runs[];
    run inventory_core_internal.sync_runs;
    reaped integer := 0;
BEGIN
    -- Not a loop over the query: a lock taken inside would belong to the cursor's resource owner.
    expired := ARRAY(SELECT r FROM inventory_core_internal.sync_runs AS r
                     WHERE r.tenant_id = tenant AND r.status = 'running'
                       AND inventory_core_internal._lease_end(r) <= inventory_core_internal._now()
                     ORDER BY r.start_no, r.started_at, r.run_id
                     LIMIT at_most);
    FOREACH run IN ARRAY expired LOOP
        IF inventory_core_internal._try_lock('selection', run.selection_hash) THEN
            IF inventory_core_internal._take_over(run) THEN
                reaped := reaped + 1;
            ELSE
                PERFORM inventory_core_internal._unlock('selection', run.selection_hash);
            END IF;
        END IF;
    END LOOP;
    RETURN reaped;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._reap(text, integer) IS
    'Closes expired runs of a tenant and returns their number; the caller holds the items shared';
