CREATE FUNCTION inventory_core.reap_expired_runs(tenant text) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    run inventory_core.sync_runs;
    reaped integer := 0;
BEGIN
    PERFORM inventory_core._begin_write(tenant);
    FOR run IN
        SELECT r.* FROM inventory_core.sync_runs AS r
        WHERE r.tenant_id = tenant AND r.status = 'running'
          AND inventory_core._lease_end(r) <= inventory_core._now()
        ORDER BY r.start_no, r.started_at, r.run_id
    LOOP
        IF inventory_core._take_over(run) THEN
            reaped := reaped + 1;
        END IF;
    END LOOP;
    RETURN reaped;
END
$$;
COMMENT ON FUNCTION inventory_core.reap_expired_runs(text) IS
    'Closes the runs whose lease has expired as failed; what they saw counts';
