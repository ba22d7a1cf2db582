CREATE FUNCTION inventory_core_internal._add_error(
    tenant text, run_id uuid, error_code text, upstream_code text DEFAULT NULL, http_status integer DEFAULT NULL,
    policy_type text DEFAULT NULL, message text DEFAULT NULL, by_caller boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO inventory_core_internal.sync_errors
        (tenant_id, run_id, error_no, error_code, upstream_code, http_status, policy_type, message, recorded_at, by_caller)
    SELECT _add_error.tenant, _add_error.run_id, coalesce(max(e.error_no), 0) + 1, _add_error.error_code,
           _add_error.upstream_code, _add_error.http_status, _add_error.policy_type, _add_error.message,
           inventory_core_internal._now(), _add_error.by_caller
    FROM inventory_core_internal.sync_errors AS e
    WHERE e.tenant_id = _add_error.tenant AND e.run_id = _add_error.run_id;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._add_error(text, uuid, text, text, integer, text, text, boolean) IS
    'Adds an error to a run; the caller holds the lock of its errors, or the run exclusively, so that error_no is unique';

-- In this order: the changes by observation; the counts by type; the guards; what is missing, which depends on the guards;
-- then everything is folded into the selection. Nothing is missing from a failed run or a delta run.
CREATE FUNCTION inventory_core_internal._judge(
    run inventory_core_internal.sync_runs, status text, observed bigint, expected_items bigint, accept_shrink boolean)
RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    by_type record;
    has_errors boolean;
    has_removals boolean;
    changes record;
BEGIN
    IF observed > 0 THEN
        INSERT INTO inventory_core_internal.run_changes_bitmaps (tenant_id, run_id, chunk, change, item_ids)
        SELECT run.tenant_id, run.run_id, c.chunk, c.change, c.item_ids
        FROM inventory_core_internal._run_changes_so_far(run) AS c;
    END IF;
    has_removals := EXISTS (SELECT FROM inventory_core_internal.removals AS d
                            WHERE d.tenant_id = run.tenant_id AND d.selection_hash = run.selection_hash
                              AND d.run_seq = run.run_seq);
    IF has_removals THEN
        PERFORM inventory_core_internal._end_removals(run);
    END IF;
    SELECT array_agg(c.policy_type) AS policy_types, array_agg(c.added) AS added, array_agg(c.reappeared) AS reappeared,
           array_agg(c.unobserved) AS unobserved, array_agg(c.removed) AS removed
    INTO by_type
    FROM inventory_core_internal._changes_by_type(run) AS c;
    IF by_type.policy_types IS NOT NULL THEN
        INSERT INTO inventory_core_internal.selection_types AS t (tenant_id, selection_hash, policy_type, known_count, present_count)
        SELECT run.tenant_id, run.selection_hash, c.policy_type, c.added, c.added + c.reappeared - c.removed
        FROM unnest(by_type.policy_types, by_type.added, by_type.reappeared, by_type.removed)
            AS c (policy_type, added, reappeared, removed)
        WHERE c.added + c.reappeared + c.removed > 0
        ON CONFLICT ON CONSTRAINT selection_types_pkey DO UPDATE
        SET known_count = t.known_count + excluded.known_count, present_count = t.present_count + excluded.present_count;
    END IF;

    IF run.mode = 'full' THEN
        IF status <> 'failed' THEN
            PERFORM inventory_core_internal._add_guard_errors(
                run, status, observed, expected_items, accept_shrink, by_type.policy_types, by_type.unobserved,
                by_type.removed);
        END IF;
        has_errors := inventory_core_internal._judge_types(run, status, by_type.policy_types, by_type.unobserved);
    ELSE
        has_errors := EXISTS (SELECT FROM inventory_core_internal.sync_errors AS e
                              WHERE e.tenant_id = run.tenant_id AND e.run_id = run.run_id);
    END IF;
    SELECT count(*) > 0 AS some, coalesce(bool_or(b.change <> 'changed'), false) AS of_presence,
           coalesce(bool_or(b.change = 'reappeared'), false) AS has_reappeared
    INTO changes
    FROM inventory_core_internal.run_changes_bitmaps AS b
    WHERE b.tenant_id = run.tenant_id AND b.run_id = run.run_id;
    IF changes.of_presence THEN
        PERFORM inventory_core_internal._fold_presence(run);
    END IF;
    IF has_removals OR changes.has_reappeared THEN
        PERFORM inventory_core_internal._fold_removals(run);
    END IF;
    IF changes.some THEN
        PERFORM inventory_core_internal._number_run(run.tenant_id, run.run_id);
    ELSE
        PERFORM inventory_core_internal._try_number_waiting(run.tenant_id);
    END IF;
    RETURN has_errors;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._judge(inventory_core_internal.sync_runs, text, bigint, bigint, boolean) IS
    'Stores what an ending run changed in its selection and which types it vouches for; returns whether it had errors';

CREATE FUNCTION inventory_core_internal._close_run(
    run inventory_core_internal.sync_runs, status text, expected_items bigint DEFAULT NULL, cursor text DEFAULT NULL,
    accept_shrink boolean DEFAULT false) RETURNS inventory_core_internal.sync_runs
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
-- Planned once per session, as are the functions called from here. Lists of types are hashed, whatever their estimated length.
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = off
SET jit = off
AS $$
DECLARE
    sets record;
    inserted bigint := 0;
    updated bigint := 0;
    unchanged bigint;
    is_unchanged boolean := false;
    has_errors boolean := false;
BEGIN
    -- The caller holds the run exclusively, so no batch adds a part, and the items shared, so nothing is forgotten meanwhile.
    SELECT o.* INTO sets FROM inventory_core_internal._observed_sets(run.tenant_id, run.run_id) AS o;
    unchanged := sets.items;
    IF NOT sets.are_unchanged THEN
        SELECT c.inserted, c.updated, c.unchanged INTO inserted, updated, unchanged
        FROM inventory_core_internal._run_counts(run.tenant_id, run.run_id) AS c;
    END IF;

    IF sets.are_unchanged AND status = 'success' AND run.mode = 'full' AND run.policy_types IS NULL
       AND (expected_items IS NULL OR expected_items <= sets.items) THEN
        is_unchanged := inventory_core_internal._judge_unchanged(run, sets.chunks, sets.observed);
    END IF;
    IF is_unchanged THEN
        PERFORM inventory_core_internal._try_number_waiting(run.tenant_id);
    ELSE
        has_errors := inventory_core_internal._judge(run, status, sets.items, expected_items, accept_shrink);
    END IF;
    IF sets.items > 0 THEN
        PERFORM inventory_core_internal._fold(run, run.selection_hash, sets.chunks, sets.observed);
    END IF;

    PERFORM inventory_core_internal._give_slot_back(run.tenant_id, run.run_id);
    UPDATE inventory_core_internal.sync_runs AS r
    SET status = _close_run.status,
        finished_at = inventory_core_internal._now(),
        lease_expires_at = inventory_core_internal._lease_end(r),
        observed_count = sets.items,
        inserted_count = inserted,
        updated_count = updated,
        unchanged_count = unchanged,
        removed_count = CASE WHEN is_unchanged THEN 0 ELSE inventory_core_internal._removed_count(r) END,
        expected_items = _close_run.expected_items,
        is_clean = _close_run.status = 'success' AND NOT has_errors,
        redacted_values = r.redacted_values + sets.redacted_values
    WHERE r.tenant_id = run.tenant_id AND r.run_id = run.run_id
    RETURNING r.* INTO run;
    -- Only a clean run moves the cursor: its list was complete.
    IF cursor IS NOT NULL AND status = 'success' AND NOT has_errors THEN
        UPDATE inventory_core_internal.selections AS s
        SET cursor = nullif(_close_run.cursor, '')
        WHERE s.tenant_id = run.tenant_id AND s.selection_hash = run.selection_hash;
    END IF;
    PERFORM inventory_core_internal._fold_into_tenant(run.tenant_id);
    RETURN run;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._close_run(inventory_core_internal.sync_runs, text, bigint, text, boolean) IS
    'Ends a run: judges it, folds what it saw into its selection, stores its counts and changes, frees its slot';
