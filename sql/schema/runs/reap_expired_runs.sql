CREATE FUNCTION inventory_core.reap_expired_runs(tenant text) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant);
    PERFORM inventory_core_internal._lock_shared('tenant', ''), inventory_core_internal._lock_shared('items', '');
    RETURN inventory_core_internal._reap(tenant, 100);
END
$$;
COMMENT ON FUNCTION inventory_core.reap_expired_runs(text) IS
    'Closes runs whose lease has expired as failed, and returns their number; what they saw counts';
