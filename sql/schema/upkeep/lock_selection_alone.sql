CREATE FUNCTION inventory_core_internal._lock_selection_alone(tenant text, selection_hash text, other_hash text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._lock_shared('tenant', ''), inventory_core_internal._lock_shared('items', '');
    -- Two in the order of their hashes, so that two calls do not deadlock.
    PERFORM inventory_core_internal._lock('selection', h.hash)
    FROM unnest(ARRAY(SELECT h FROM unnest(ARRAY[selection_hash, other_hash]) AS h WHERE h IS NOT NULL ORDER BY h COLLATE "C"))
        AS h (hash);
    PERFORM inventory_core_internal._require_selection(tenant, _lock_selection_alone.selection_hash);
    IF EXISTS (SELECT FROM inventory_core_internal.sync_runs AS r
               WHERE r.tenant_id = tenant AND r.selection_hash = _lock_selection_alone.selection_hash AND r.status = 'running') THEN
        RAISE EXCEPTION 'a run of the selection is running'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'What it observes belongs to the selection.',
                  HINT = 'Call inventory_core.finish_run for it, or inventory_core.reap_expired_runs once its lease has expired.';
    END IF;
    -- finish_run only tries the first two, and prune_runs takes the third.
    PERFORM inventory_core_internal._lock('fold', ''), inventory_core_internal._lock('feed', ''),
            inventory_core_internal._lock('history', '');
END
$$;
COMMENT ON FUNCTION inventory_core_internal._lock_selection_alone(text, text, text) IS
    'Locks a selection that no run is running of, and its runs, against starts, ends of runs and pruning';
