CREATE FUNCTION inventory_core_internal._insert_run(
    tenant text, selection_hash text, selection jsonb, request_id uuid, correlation_id text, lease interval, scope text,
    tenant_slot integer, mode text, policy_types text[])
RETURNS inventory_core_internal.sync_runs
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    taken timestamptz := inventory_core_internal._now();
    run inventory_core_internal.sync_runs;
    -- Before the first write, or the write-ahead log would keep it.
    redacted_id text := inventory_core_internal._redact_known(correlation_id);
BEGIN
    INSERT INTO inventory_core_internal.selections (tenant_id, selection_hash, selection, first_run_at)
    VALUES (tenant, _insert_run.selection_hash, _insert_run.selection, taken)
    ON CONFLICT DO NOTHING;
    -- A selection that was refused before its first run is there, without a first run.
    UPDATE inventory_core_internal.selections AS s SET first_run_at = taken
    WHERE s.tenant_id = tenant AND s.selection_hash = _insert_run.selection_hash AND s.first_run_at IS NULL;

    INSERT INTO inventory_core_internal.sync_runs AS n
        (tenant_id, run_id, selection_hash, run_seq, start_no, first_new_item_id,
         request_id, correlation_id, scope, tenant_slot, started_at, lease, lease_expires_at, redacted_values, mode, policy_types)
    SELECT tenant, gen_random_uuid(), _insert_run.selection_hash,
           (SELECT coalesce(max(r.run_seq), 0) + 1 FROM inventory_core_internal.sync_runs AS r
            WHERE r.tenant_id = tenant AND r.selection_hash = _insert_run.selection_hash),
           (SELECT coalesce(max(r.start_no), 0) + 1 FROM inventory_core_internal.sync_runs AS r WHERE r.tenant_id = tenant),
           coalesce((SELECT t.next_item_id FROM inventory_core_internal.tenants AS t WHERE t.tenant_id = tenant), 1),
           _insert_run.request_id, left(redacted_id, 1000), _insert_run.scope, _insert_run.tenant_slot,
           started.at, _insert_run.lease, started.at + _insert_run.lease,
           (redacted_id IS DISTINCT FROM _insert_run.correlation_id)::integer, _insert_run.mode, _insert_run.policy_types
    -- Asked in the statement that sees the run before it ended, so that no run begins before the one before it was over.
    FROM (SELECT inventory_core_internal._now()) AS started (at)
    RETURNING n.* INTO run;
    RETURN run;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._insert_run(text, text, jsonb, uuid, text, interval, text, integer, text, text[]) IS
    'Writes a running run; the partial unique indexes let one through';
