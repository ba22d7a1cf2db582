CREATE VIEW inventory_core.inventory_selections WITH (security_invoker = true, security_barrier = true) AS
SELECT s.tenant_id, s.selection_hash, s.selection, s.first_run_at,
       latest.run_id AS latest_run_id,
       latest.status AS latest_status,
       latest.finished_at AS latest_finished_at,
       success.finished_at AS latest_success_at,
       running.run_id AS running_run_id,
       s.refused_count, s.last_refused_reason, s.last_refused_at
FROM (SELECT x.tenant_id, x.selection_hash,
             (array_agg(x.selection ORDER BY x.first_run_at))[1] AS selection,
             min(x.first_run_at) AS first_run_at,
             sum(x.refused_count)::bigint AS refused_count,
             (array_agg(x.reason ORDER BY x.refused_at DESC NULLS LAST))[1] AS last_refused_reason,
             max(x.refused_at) AS last_refused_at
      FROM (SELECT c.tenant_id, c.selection_hash, c.selection, c.first_run_at, c.refused_count,
                   c.last_refused_reason AS reason, c.last_refused_at AS refused_at
            FROM inventory_core_internal.selections AS c
            UNION ALL
            SELECT f.tenant_id, f.selection_hash, f.selection, NULL, f.refused_count, f.reason, f.refused_at
            FROM inventory_core_internal.refusals AS f) AS x
      GROUP BY x.tenant_id, x.selection_hash) AS s
LEFT JOIN LATERAL inventory_core_internal._latest_full_run(s.tenant_id, s.selection_hash, false) AS latest ON true
LEFT JOIN LATERAL inventory_core_internal._latest_full_run(s.tenant_id, s.selection_hash, true) AS success ON true
LEFT JOIN inventory_core_internal.sync_runs AS running
    ON running.tenant_id = s.tenant_id AND running.selection_hash = s.selection_hash AND running.status = 'running'
WHERE (SELECT inventory_core_internal._may_read());
COMMENT ON VIEW inventory_core.inventory_selections IS
    'The selections of the bound tenant: latest run, latest clean one, refused starts';
COMMENT ON COLUMN inventory_core.inventory_selections.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core.inventory_selections.selection_hash IS
    'Hash of the selection, as selection_hash() returns it';
COMMENT ON COLUMN inventory_core.inventory_selections.selection IS 'The selection as its first caller wrote it';
COMMENT ON COLUMN inventory_core.inventory_selections.first_run_at IS
    'Start of its first run; NULL if every start was refused';
COMMENT ON COLUMN inventory_core.inventory_selections.latest_run_id IS 'The completed full run that started last';
COMMENT ON COLUMN inventory_core.inventory_selections.latest_status IS 'Its status';
COMMENT ON COLUMN inventory_core.inventory_selections.latest_finished_at IS 'When it ended';
COMMENT ON COLUMN inventory_core.inventory_selections.latest_success_at IS
'When the last clean full run (a success without errors) ended';
COMMENT ON COLUMN inventory_core.inventory_selections.running_run_id IS
    'The running run; NULL if there is none';
COMMENT ON COLUMN inventory_core.inventory_selections.refused_count IS 'Starts that were refused';
COMMENT ON COLUMN inventory_core.inventory_selections.last_refused_reason IS 'Why the last of them was refused';
COMMENT ON COLUMN inventory_core.inventory_selections.last_refused_at IS 'When the last of them was refused';

CREATE FUNCTION inventory_core.inventory_selections(tenant text) RETURNS SETOF inventory_core.inventory_selections
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core.set_tenant(tenant);
    RETURN QUERY SELECT v.* FROM inventory_core.inventory_selections AS v WHERE v.tenant_id = tenant;
END
$$;
COMMENT ON FUNCTION inventory_core.inventory_selections(text) IS
    'The view inventory_selections for one tenant, in one statement';
