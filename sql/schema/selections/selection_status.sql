-- A separate type, because a column of RETURNS TABLE cannot have the name of an argument.
CREATE TYPE inventory_core.selection_status AS (
    selection_hash text, selection jsonb, running_run_id uuid, latest_run_id uuid, latest_status text,
    latest_finished_at timestamptz, latest_success_run_id uuid, latest_success_at timestamptz,
    known_items bigint, observed_items bigint, missing_items bigint, confirmed_missing bigint,
    confidence text, reasons text[], cursor text);
COMMENT ON TYPE inventory_core.selection_status IS 'Result of the function selection_status';
COMMENT ON COLUMN inventory_core.selection_status.selection_hash IS 'The hash that was passed';
COMMENT ON COLUMN inventory_core.selection_status.selection IS 'The selection; NULL if it is not known';
COMMENT ON COLUMN inventory_core.selection_status.running_run_id IS
    'The running run; NULL if there is none';
COMMENT ON COLUMN inventory_core.selection_status.latest_run_id IS 'The completed full run that started last';
COMMENT ON COLUMN inventory_core.selection_status.latest_status IS 'Its status';
COMMENT ON COLUMN inventory_core.selection_status.latest_finished_at IS 'When it ended';
COMMENT ON COLUMN inventory_core.selection_status.latest_success_run_id IS 'The last clean full run (a success without errors)';
COMMENT ON COLUMN inventory_core.selection_status.latest_success_at IS 'When it ended';
COMMENT ON COLUMN inventory_core.selection_status.known_items IS
'Items that a completed run of the selection observed at least once';
COMMENT ON COLUMN inventory_core.selection_status.observed_items IS
    'Known items that are not missing by latest';
COMMENT ON COLUMN inventory_core.selection_status.missing_items IS
    'Known items that are missing by latest, the latest run that covers their type';
COMMENT ON COLUMN inventory_core.selection_status.confirmed_missing IS
    'Known items that are missing by latest_clean, the last run that vouches for their type';
COMMENT ON COLUMN inventory_core.selection_status.confidence IS
'low if confidence is low for any known type, else high; none until a full run has completed';
COMMENT ON COLUMN inventory_core.selection_status.reasons IS 'Why it is low, for all known types together';
COMMENT ON COLUMN inventory_core.selection_status.cursor IS
    'What the next delta run passes to the API; NULL if a full run is due';

CREATE FUNCTION inventory_core.selection_status(tenant text, selection_hash text)
RETURNS SETOF inventory_core.selection_status
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    hash text := selection_hash;
BEGIN
    PERFORM inventory_core_internal._begin_read(tenant, hash);
    RETURN QUERY
    SELECT hash, s.selection, running.run_id, latest.run_id, latest.status, latest.finished_at,
           clean.run_id, clean.finished_at,
           k.known, k.known - m.missing, m.missing, c.missing,
           CASE WHEN latest.run_id IS NULL THEN 'none' WHEN t.is_low THEN 'low' ELSE 'high' END,
           coalesce(t.reasons, '{}'), s.cursor
    FROM (SELECT coalesce(sum(inventory_core_internal._bitmap_count(p.known_ids)), 0)::bigint AS known
          FROM inventory_core_internal.presence AS p
          WHERE p.tenant_id = tenant AND p.selection_hash = hash) AS k
    LEFT JOIN inventory_core_internal.selections AS s ON s.tenant_id = tenant AND s.selection_hash = hash
    LEFT JOIN inventory_core_internal.sync_runs AS running
        ON running.tenant_id = tenant AND running.selection_hash = hash AND running.status = 'running'
    LEFT JOIN LATERAL inventory_core_internal._latest_full_run(tenant, hash, false) AS latest ON true
    LEFT JOIN LATERAL inventory_core_internal._latest_full_run(tenant, hash, true) AS clean ON true
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(inventory_core_internal._bitmap_count(x.item_ids)), 0)::bigint AS missing
        FROM inventory_core_internal._missing_sets(tenant, hash, 'latest') AS x) AS m
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(inventory_core_internal._bitmap_count(
                   inventory_core_internal._bitmap_subtract(p.missing_ids, o.item_ids))), 0)::bigint AS missing
        FROM inventory_core_internal.presence AS p
        LEFT JOIN inventory_core_internal._running_sets(tenant, hash) AS o ON o.chunk = p.chunk
        WHERE p.tenant_id = tenant AND p.selection_hash = hash) AS c
    LEFT JOIN LATERAL inventory_core_internal._selection_confidence(tenant, hash, latest.run_id) AS t ON true;
END
$$;
COMMENT ON FUNCTION inventory_core.selection_status(text, text) IS
    'One row about a selection: its running and latest runs, how many items are known and missing, and the confidence';
