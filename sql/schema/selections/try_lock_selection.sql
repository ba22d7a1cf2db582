CREATE FUNCTION inventory_core.try_lock_selection(tenant text, selection_hash text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._begin_read(tenant, selection_hash);
    -- The lock that a start tries, then the public one, for callers that use only that.
    IF NOT inventory_core_internal._try_lock('selection', selection_hash) THEN
        RETURN false;
    END IF;
    IF NOT inventory_core_internal._try_public_lock(selection_hash) THEN
        PERFORM inventory_core_internal._unlock('selection', selection_hash);
        RETURN false;
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION inventory_core.try_lock_selection(text, text) IS
    'Tries the lock of a selection, which excludes starts until the transaction ends, for a critical section; never waits';
