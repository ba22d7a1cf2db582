CREATE VIEW inventory_core.inventory_sync_runs WITH (security_invoker = true, security_barrier = true) AS
SELECT r.tenant_id, r.run_id, r.run_seq, r.selection_hash, s.selection, r.status,
       e.error_count > 0 AS had_errors, e.error_codes, e.error_count, r.correlation_id, r.started_at, r.finished_at,
       inventory_core_internal._lease_end(r) AS lease_expires_at,
       coalesce(r.observed_count, c.observed) AS observed_count,
       coalesce(r.inserted_count, c.inserted) AS inserted_count,
       coalesce(r.updated_count, c.updated) AS updated_count,
       coalesce(r.unchanged_count, c.unchanged) AS unchanged_count,
       r.expected_items, coalesce(r.removed_count, inventory_core_internal._removed_count(r)) AS removed_count, r.mode, r.policy_types
FROM inventory_core_internal.sync_runs AS r
JOIN inventory_core_internal.selections AS s ON s.tenant_id = r.tenant_id AND s.selection_hash = r.selection_hash
CROSS JOIN LATERAL (
    SELECT count(*) AS error_count,
           coalesce(array_agg(DISTINCT x.error_code ORDER BY x.error_code), '{}') AS error_codes
    FROM inventory_core_internal.sync_errors AS x
    WHERE x.tenant_id = r.tenant_id AND x.run_id = r.run_id) AS e
-- of a running run; a completed run has its counts stored
CROSS JOIN LATERAL inventory_core_internal._run_counts(r.tenant_id, r.run_id) AS c
WHERE (SELECT inventory_core_internal._may_read());
COMMENT ON VIEW inventory_core.inventory_sync_runs IS
    'The sync runs of the bound tenant; for a running one, the lease and the counts so far';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.run_id IS 'Id of the run';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.run_seq IS
    'Its number among the runs of the selection; it defines their order';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.selection_hash IS
    'Hash of the selection, as selection_hash() returns it';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.selection IS 'What it set out to list';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.status IS 'running, then success, partial or failed';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.had_errors IS 'Whether an error was recorded';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.error_codes IS 'The codes of its errors, each once';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.error_count IS 'How many errors were recorded';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.correlation_id IS 'The caller''s label, redacted';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.started_at IS 'When it started';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.finished_at IS 'When it ended; NULL while it is running';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.lease_expires_at IS
    'From this time on another start may take over its selection';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.observed_count IS 'Distinct items that it saw, so far';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.inserted_count IS 'Of them, new';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.updated_count IS 'Of them, changed';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.unchanged_count IS 'Of them, the same as before';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.expected_items IS 'How many items the caller said there should be';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.removed_count IS 'Items that the API reported as removed';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.mode IS 'full: it lists everything; delta: only what changed';
COMMENT ON COLUMN inventory_core.inventory_sync_runs.policy_types IS
    'The policy types that a full run covers; NULL if it covers every type';

CREATE FUNCTION inventory_core.inventory_sync_runs(tenant text) RETURNS SETOF inventory_core.inventory_sync_runs
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core.set_tenant(tenant);
    RETURN QUERY SELECT v.* FROM inventory_core.inventory_sync_runs AS v WHERE v.tenant_id = tenant;
END
$$;
COMMENT ON FUNCTION inventory_core.inventory_sync_runs(text) IS
    'The view inventory_sync_runs for one tenant, in one statement';
