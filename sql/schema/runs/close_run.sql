CREATE FUNCTION inventory_core_internal._add_error(
    tenant text, run_id uuid, error_code text, upstream_code text DEFAULT NULL, http_status integer DEFAULT NULL,
    policy_type text DEFAULT NULL, message text DEFAULT NULL, by_caller boolean DEFAULT false) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    INSERT INTO inventory_core_internal.sync_errors
        (tenant_id, run_id, error_no, error_code, upstream_code, http_status, policy_type, message, recorded_at, by_caller)
    SELECT _add_error.tenant, _add_error.run_id, coalesce(max(e.error_no), 0) + 1, _add_error.error_code,
           _add_error.upstream_code, _add_error.http_status, _add_error.policy_type, _add_error.message,
           inventory_core_internal._now(), _add_error.by_caller
    FROM inventory_core_internal.sync_errors AS e
    WHERE e.tenant_id = _add_error.tenant AND e.run_id = _add_error.run_id;
END;
COMMENT ON FUNCTION inventory_core_internal._add_error(text, uuid, text, text, integer, text, text, boolean) IS
    'Adds an error to a run; the caller has the lock of its errors, or the run alone, which keeps the numbers apart';

-- Step by step: what changed by what was observed; what was observed of each type; what the guards say; what is missing, which
-- depends on the guards; then everything is folded into the selection. Of a failed run and a delta nothing is missing.
CREATE FUNCTION inventory_core_internal._close_run(
    run inventory_core_internal.sync_runs, status text, expected_items bigint DEFAULT NULL, cursor text DEFAULT NULL,
    accept_shrink boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    counts record;
    by_type record;
    has_errors boolean;
BEGIN
    -- The caller has the run alone: no batch can add a part any more. It shares the items: nothing is forgotten meanwhile.
    SELECT * INTO counts FROM inventory_core_internal._run_counts(run.tenant_id, run.run_id);

    INSERT INTO inventory_core_internal.run_changes_bitmaps (tenant_id, run_id, chunk, change, item_ids)
    SELECT run.tenant_id, run.run_id, c.chunk, c.change, c.item_ids
    FROM inventory_core_internal._run_changes_so_far(run) AS c;
    PERFORM inventory_core_internal._add_selection_types(run);

    IF run.mode = 'full' THEN
        SELECT array_agg(c.policy_type) AS policy_types, array_agg(c.known) AS known, array_agg(c.observed) AS observed,
               array_agg(c.present) AS present, array_agg(c.reference) AS reference_counts, array_agg(c.last_count) AS last_counts
        INTO by_type
        FROM inventory_core_internal._run_counts_by_type(run) AS c;
        IF status <> 'failed' THEN
            PERFORM inventory_core_internal._add_doubts(
                run, status, counts.observed, expected_items, accept_shrink,
                by_type.policy_types, by_type.observed, by_type.present, by_type.reference_counts);
        END IF;
        has_errors := inventory_core_internal._judge_types(
            run, status, by_type.policy_types, by_type.known, by_type.observed, by_type.reference_counts, by_type.last_counts);
    ELSE
        has_errors := EXISTS (SELECT FROM inventory_core_internal.sync_errors AS e
                              WHERE e.tenant_id = run.tenant_id AND e.run_id = run.run_id);
    END IF;
    PERFORM inventory_core_internal._fold(run, run.selection_hash);
    PERFORM inventory_core_internal._fold_presence(run);

    PERFORM inventory_core_internal._give_slot_back(run.tenant_id, run.run_id);
    UPDATE inventory_core_internal.sync_runs AS r
    SET status = _close_run.status,
        finished_at = inventory_core_internal._now(),
        lease_expires_at = inventory_core_internal._lease_end(r),
        observed_count = counts.observed,
        inserted_count = counts.inserted,
        updated_count = counts.updated,
        unchanged_count = counts.unchanged,
        removed_count = 0,
        expected_items = _close_run.expected_items,
        is_clean = _close_run.status = 'success' AND NOT has_errors,
        redacted_values = r.redacted_values + (SELECT coalesce(sum(p.redacted_values), 0) FROM inventory_core_internal.run_parts AS p
                                               WHERE p.tenant_id = run.tenant_id AND p.run_id = run.run_id)
    WHERE r.tenant_id = run.tenant_id AND r.run_id = run.run_id;
    -- The cursor moves with what can be believed to be complete.
    IF cursor IS NOT NULL AND status = 'success' AND NOT has_errors THEN
        UPDATE inventory_core_internal.selections AS s
        SET cursor = nullif(_close_run.cursor, '')
        WHERE s.tenant_id = run.tenant_id AND s.selection_hash = run.selection_hash;
    END IF;
    PERFORM inventory_core_internal._fold_into_tenant(run.tenant_id);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._close_run(inventory_core_internal.sync_runs, text, bigint, text, boolean) IS
    'Ends a run: judges it, folds what it saw into its selection, keeps its counts and changes, gives its slot back';
