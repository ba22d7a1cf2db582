CREATE FUNCTION inventory_core.heartbeat(tenant text, run_id uuid) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    run inventory_core_internal.sync_runs;
    now timestamptz;
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant);
    run := inventory_core_internal._lock_run_shared(tenant, run_id);
    now := inventory_core_internal._now();
    UPDATE inventory_core_internal.sync_runs AS r
    SET lease_expires_at = greatest(r.lease_expires_at, now + r.lease)
    WHERE r.tenant_id = tenant AND r.run_id = run.run_id
    RETURNING r.* INTO run;
    PERFORM inventory_core_internal._keep_slot(run, now);
    RETURN inventory_core_internal._lease_end(run);
END
$$;
COMMENT ON FUNCTION inventory_core.heartbeat(text, uuid) IS 'Extends the lease of a run and returns its new end';
