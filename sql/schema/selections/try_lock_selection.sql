CREATE FUNCTION inventory_core.try_lock_selection(tenant text, selection_hash text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._begin_read(tenant, selection_hash);
    RETURN pg_try_advisory_xact_lock(inventory_core.selection_lock_key(tenant, selection_hash));
END
$$;
COMMENT ON FUNCTION inventory_core.try_lock_selection(text, text) IS
    'Tries the advisory lock of a selection until the transaction ends, for a caller''s own critical section; never waits';
