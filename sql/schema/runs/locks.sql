-- Locks of the server's lock manager keep apart what must not overlap (src/server/locks.rs). A function first takes all locks
-- that it may need, in this order; row locks come after.
--
--   lock         shared by                                                      held alone by
--   tenant       every function that writes (start_run only tries)              forget_tenant
--   items        batches, ends of runs, heartbeat, record_* (a take-over tries) forget_*, rename_item
--   selection    finish_run                                                     start_run and take-overs (both only try),
--                                                                               forget_selection, replace_selection
--   run          batches, heartbeat, record_*                                   finish_run (a take-over only tries)
--   number       -                                                              start_run (tries)
--   errors       -                                                              record_error, batches with new bad types
--   fold         -                                                              the end of a run (tries), forget_selection,
--                                                                               replace_selection
--   feed         -                                                              the end of a run (tries), changes_since (tries),
--                                                                               forget_*, rename_item, replace_selection
--   history      prune_runs                                                     forget_selection, replace_selection
--   slot         -                                                              a start, or a run that lost its slot (both try)
--
-- A lock is taken in a statement of its own, and what it protects is read by a later one: the snapshot of a statement is
-- older than the locks that it takes.

CREATE FUNCTION inventory_core_internal._lock_run_shared(tenant text, run_id uuid) RETURNS inventory_core_internal.sync_runs
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    run inventory_core_internal.sync_runs;
BEGIN
    IF run_id IS NULL THEN
        PERFORM inventory_core_internal._require_run(run_id);
    END IF;
    PERFORM inventory_core_internal._lock_shared('tenant', ''), inventory_core_internal._lock_shared('items', ''),
            inventory_core_internal._lock_shared('run', run_id::text);
    SELECT r.* INTO run
    FROM inventory_core_internal.sync_runs AS r
    WHERE r.tenant_id = tenant AND r.run_id = _lock_run_shared.run_id;
    IF NOT FOUND THEN
        PERFORM inventory_core_internal._raise_unknown_run();
    ELSIF run.status <> 'running' THEN
        PERFORM inventory_core_internal._raise_not_running(run.status);
    END IF;
    RETURN run;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._lock_run_shared(text, uuid) IS
    'Locks a running run in shared mode: it is not closed before the transaction ends, and other writers do not wait';

CREATE FUNCTION inventory_core_internal._lock_run_alone(tenant text, run_id uuid) RETURNS inventory_core_internal.sync_runs
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    run inventory_core_internal.sync_runs;
    selection_hash text;
BEGIN
    IF run_id IS NULL THEN
        PERFORM inventory_core_internal._require_run(run_id);
    END IF;
    SELECT r.selection_hash INTO selection_hash
    FROM inventory_core_internal.sync_runs AS r
    WHERE r.tenant_id = tenant AND r.run_id = _lock_run_alone.run_id;
    IF NOT FOUND THEN
        PERFORM inventory_core_internal._raise_unknown_run();
    END IF;
    PERFORM inventory_core_internal._lock_shared('tenant', ''), inventory_core_internal._lock_shared('items', ''),
            inventory_core_internal._lock_shared('selection', selection_hash),
            inventory_core_internal._lock('run', run_id::text);
    SELECT r.* INTO run
    FROM inventory_core_internal.sync_runs AS r
    WHERE r.tenant_id = tenant AND r.run_id = _lock_run_alone.run_id;
    IF NOT FOUND THEN
        PERFORM inventory_core_internal._raise_unknown_run();
    END IF;
    RETURN run;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._lock_run_alone(text, uuid) IS
    'Locks a run exclusively: its batches are committed, and no other call writes to it before the transaction ends';
