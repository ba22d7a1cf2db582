CREATE FUNCTION inventory_core_internal._add_error(
    tenant text, run_id uuid, error_code text, upstream_code text DEFAULT NULL, http_status integer DEFAULT NULL,
    policy_type text DEFAULT NULL, message text DEFAULT NULL) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    INSERT INTO inventory_core_internal.sync_errors
        (tenant_id, run_id, error_no, error_code, upstream_code, http_status, policy_type, message, recorded_at)
    SELECT _add_error.tenant, _add_error.run_id, coalesce(max(e.error_no), 0) + 1, _add_error.error_code,
           _add_error.upstream_code, _add_error.http_status, _add_error.policy_type, _add_error.message,
           inventory_core_internal._now()
    FROM inventory_core_internal.sync_errors AS e
    WHERE e.tenant_id = _add_error.tenant AND e.run_id = _add_error.run_id;
END;
COMMENT ON FUNCTION inventory_core_internal._add_error(text, uuid, text, text, integer, text, text) IS
    'Adds an error to a run; the caller has the lock of its errors, or the run alone, which keeps the numbers apart';

CREATE FUNCTION inventory_core_internal._shrank(run inventory_core_internal.sync_runs, observed bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- A run whose only error is the guard's own may be the reference: so a second run confirms a shrink.
    SELECT coalesce(
        (SELECT r.observed_count >= inventory_core_internal._shrink_guard_min_items()
                AND observed < inventory_core_internal._shrink_guard()::numeric * r.observed_count
         FROM inventory_core_internal.sync_runs AS r
         WHERE r.tenant_id = run.tenant_id
           AND r.selection_hash = run.selection_hash
           AND r.run_seq < run.run_seq
           AND r.status = 'success'
           AND NOT EXISTS (SELECT FROM inventory_core_internal.sync_errors AS e
                           WHERE e.tenant_id = r.tenant_id AND e.run_id = r.run_id
                             AND e.error_code <> 'shrink_guard')
         ORDER BY r.run_seq DESC
         LIMIT 1), false);
END;
COMMENT ON FUNCTION inventory_core_internal._shrank(inventory_core_internal.sync_runs, bigint) IS
    'Whether a run observed suspiciously less than the last good one';

CREATE FUNCTION inventory_core_internal._close_run(run inventory_core_internal.sync_runs, status text, expected_items bigint DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    counts record;
BEGIN
    -- The caller has the run alone: no batch can add a part any more. It shares the items: nothing is forgotten meanwhile.
    SELECT * INTO counts FROM inventory_core_internal._run_counts(run.tenant_id, run.run_id);

    INSERT INTO inventory_core_internal.run_changes_bitmaps (tenant_id, run_id, chunk, change, item_ids)
    SELECT run.tenant_id, run.run_id, c.chunk, c.change, c.item_ids
    FROM inventory_core_internal._run_changes_so_far(run) AS c;
    PERFORM inventory_core_internal._fold(run, run.selection_hash);

    PERFORM inventory_core_internal._give_slot_back(run.tenant_id, run.run_id);
    UPDATE inventory_core_internal.sync_runs AS r
    SET status = _close_run.status,
        finished_at = inventory_core_internal._now(),
        lease_expires_at = inventory_core_internal._lease_end(r),
        observed_count = counts.observed,
        inserted_count = counts.inserted,
        updated_count = counts.updated,
        unchanged_count = counts.unchanged,
        expected_items = _close_run.expected_items,
        redacted_values = r.redacted_values + (SELECT coalesce(sum(p.redacted_values), 0) FROM inventory_core_internal.run_parts AS p
                                               WHERE p.tenant_id = run.tenant_id AND p.run_id = run.run_id)
    WHERE r.tenant_id = run.tenant_id AND r.run_id = run.run_id;
    PERFORM inventory_core_internal._fold_into_tenant(run.tenant_id);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._close_run(inventory_core_internal.sync_runs, text, bigint) IS
    'Ends a run: folds what it saw into its selection, keeps its counts and changes, gives its slot back';
