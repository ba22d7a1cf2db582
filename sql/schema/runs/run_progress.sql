CREATE VIEW inventory_core.run_progress WITH (security_invoker = true, security_barrier = true) AS
SELECT r.tenant_id, r.run_id, r.selection_hash, r.correlation_id, r.started_at, t.elapsed, c.observed, p.previous_total,
       f.fraction,
       CASE WHEN f.fraction > 0 THEN t.elapsed * (1 / f.fraction - 1) END AS time_left,
       inventory_core_internal._lease_end(r) AS lease_expires_at
FROM inventory_core_internal.sync_runs AS r
CROSS JOIN LATERAL inventory_core_internal._run_counts(r.tenant_id, r.run_id) AS c
CROSS JOIN LATERAL (SELECT greatest(inventory_core_internal._now() - r.started_at, interval '0') AS elapsed) AS t
LEFT JOIN LATERAL (
    SELECT b.observed_count AS previous_total
    FROM inventory_core_internal.sync_runs AS b
    WHERE b.tenant_id = r.tenant_id AND b.selection_hash = r.selection_hash AND b.is_clean
      AND r.mode = 'full' AND b.mode = 'full' AND b.policy_types IS NOT DISTINCT FROM r.policy_types
    ORDER BY b.run_seq DESC
    LIMIT 1) AS p ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN p.previous_total > 0
                THEN least(c.observed::double precision / p.previous_total, 1) END AS fraction) AS f
WHERE (SELECT inventory_core_internal._may_read()) AND r.status = 'running';
COMMENT ON VIEW inventory_core.run_progress IS
    'Progress of the running runs of the bound tenant, compared with the last clean run of their selections';
COMMENT ON COLUMN inventory_core.run_progress.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core.run_progress.run_id IS 'The running run';
COMMENT ON COLUMN inventory_core.run_progress.selection_hash IS 'Hash of the selection, as selection_hash() returns it';
COMMENT ON COLUMN inventory_core.run_progress.correlation_id IS 'The caller''s label, redacted';
COMMENT ON COLUMN inventory_core.run_progress.started_at IS 'When it started';
COMMENT ON COLUMN inventory_core.run_progress.elapsed IS 'Time since then';
COMMENT ON COLUMN inventory_core.run_progress.observed IS 'Distinct items that it has seen so far';
COMMENT ON COLUMN inventory_core.run_progress.previous_total IS
'How many items the last clean full run for the same types observed; NULL for a delta run';
COMMENT ON COLUMN inventory_core.run_progress.fraction IS
    'observed divided by previous_total, at most 1; NULL without a previous_total';
COMMENT ON COLUMN inventory_core.run_progress.time_left IS 'Estimate of the time left at this pace';
COMMENT ON COLUMN inventory_core.run_progress.lease_expires_at IS
    'From this time on another start may take over its selection';

CREATE FUNCTION inventory_core.run_progress(tenant text) RETURNS SETOF inventory_core.run_progress
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core.set_tenant(tenant);
    RETURN QUERY SELECT v.* FROM inventory_core.run_progress AS v WHERE v.tenant_id = tenant;
END
$$;
COMMENT ON FUNCTION inventory_core.run_progress(text) IS 'The view run_progress for one tenant, in one statement';
