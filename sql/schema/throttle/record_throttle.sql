CREATE FUNCTION inventory_core.record_throttle(
    tenant text, run_id uuid, http_status integer, retry_after text DEFAULT NULL, attempt integer DEFAULT 0,
    scope text DEFAULT '*') RETURNS interval
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    run inventory_core_internal.sync_runs;
    now timestamptz;
    wait interval;
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant);
    PERFORM inventory_core_internal._check_scope(record_throttle.scope);
    run := inventory_core_internal._lock_run_shared(tenant, run_id);
    now := inventory_core_internal._now();
    wait := inventory_core.retry_delay(attempt, http_status, retry_after, now => now);
    IF wait IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO inventory_core_internal.cooldowns AS c (tenant_id, scope, until)
    VALUES (tenant, record_throttle.scope, now + wait)
    ON CONFLICT ON CONSTRAINT cooldowns_pkey DO UPDATE SET until = excluded.until
    WHERE c.until < excluded.until;
    -- A run that waits is alive.
    UPDATE inventory_core_internal.sync_runs AS r
    SET lease_expires_at = greatest(r.lease_expires_at, now + wait + r.lease)
    WHERE r.tenant_id = tenant AND r.run_id = run.run_id
    RETURNING r.* INTO run;
    PERFORM inventory_core_internal._keep_slot(run, now);
    RETURN wait;
END
$$;
COMMENT ON FUNCTION inventory_core.record_throttle(text, uuid, integer, text, integer, text) IS
    'Returns how long to wait after a throttled request, and makes all workers of the tenant and scope wait; NULL = do not retry';
