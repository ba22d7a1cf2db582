CREATE FUNCTION inventory_core.run_changes(tenant text, run_id uuid)
RETURNS TABLE (change text, item_id bigint, policy_type text, external_id text, display_name text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    run inventory_core_internal.sync_runs;
BEGIN
    PERFORM inventory_core.set_tenant(tenant);
    PERFORM inventory_core_internal._require_run(run_changes.run_id);
    SELECT r.* INTO run FROM inventory_core_internal.sync_runs AS r
    WHERE r.tenant_id = tenant AND r.run_id = run_changes.run_id;
    IF NOT FOUND THEN
        PERFORM inventory_core_internal._raise_unknown_run();
    END IF;
    RETURN QUERY
    SELECT c.change, i.item_id, i.policy_type, i.external_id, i.display_name
    FROM (SELECT b.chunk, CASE b.change WHEN 'removed' THEN 'missing' ELSE b.change END AS change, b.item_ids
          FROM inventory_core_internal.run_changes_bitmaps AS b
          WHERE b.tenant_id = tenant AND b.run_id = run.run_id
          UNION ALL
          -- nothing is missing from a run that is still running
          SELECT s.chunk, s.change, s.item_ids
          FROM inventory_core_internal._run_changes_so_far(run) AS s
          WHERE run.status = 'running') AS c
    CROSS JOIN LATERAL inventory_core_internal._bitmap_ids(c.chunk, c.item_ids) AS id
    JOIN inventory_core_internal.items AS i ON i.tenant_id = tenant AND i.item_id = id
    ORDER BY array_position(ARRAY['added', 'changed', 'reappeared', 'missing'], c.change), i.item_id;
END
$$;
COMMENT ON FUNCTION inventory_core.run_changes(text, uuid) IS
    'What a run changed in its selection: added, changed, reappeared, missing';
