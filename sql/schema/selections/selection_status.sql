-- A type of its own, because a column of RETURNS TABLE may not bear the name of an argument.
CREATE TYPE inventory_core.selection_status AS (
    selection_hash text, selection jsonb, running_run_id uuid, latest_run_id uuid, latest_status text,
    latest_finished_at timestamptz, latest_success_run_id uuid, latest_success_at timestamptz,
    known_items bigint, observed_items bigint, missing_items bigint, confirmed_missing bigint,
    confidence text, reasons text[], cursor text);
COMMENT ON TYPE inventory_core.selection_status IS 'What the function selection_status gives';
COMMENT ON COLUMN inventory_core.selection_status.selection_hash IS 'The hash that was asked for';
COMMENT ON COLUMN inventory_core.selection_status.selection IS 'The selection; NULL where it is not known';
COMMENT ON COLUMN inventory_core.selection_status.running_run_id IS
    'The run that is under way; NULL where there is none';
COMMENT ON COLUMN inventory_core.selection_status.latest_run_id IS 'The completed full run that started last';
COMMENT ON COLUMN inventory_core.selection_status.latest_status IS 'How that one ended';
COMMENT ON COLUMN inventory_core.selection_status.latest_finished_at IS 'When that one ended';
COMMENT ON COLUMN inventory_core.selection_status.latest_success_run_id IS 'The last clean full run: a success without errors';
COMMENT ON COLUMN inventory_core.selection_status.latest_success_at IS 'When that one ended';
COMMENT ON COLUMN inventory_core.selection_status.known_items IS 'Items that a completed run of the selection ever saw';
COMMENT ON COLUMN inventory_core.selection_status.observed_items IS
    'Known items that are not missing, by the latest run of each type or one that is running';
COMMENT ON COLUMN inventory_core.selection_status.missing_items IS
    'Known items that are missing, by the latest run that covers their type';
COMMENT ON COLUMN inventory_core.selection_status.confirmed_missing IS
    'Known items that are missing, by the last run that can be believed about their type';
COMMENT ON COLUMN inventory_core.selection_status.confidence IS 'low where the latest run of any known type is not to be believed, else high; none where no full run has completed';
COMMENT ON COLUMN inventory_core.selection_status.reasons IS 'Why it is low, over all known types';
COMMENT ON COLUMN inventory_core.selection_status.cursor IS
    'What the next delta run asks the API with; NULL where a full run is due';

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
    LEFT JOIN LATERAL inventory_core_internal._doubts_of_selection(tenant, hash, latest.run_id) AS t ON true;
END
$$;
COMMENT ON FUNCTION inventory_core.selection_status(text, text) IS
    'One row about a selection: who runs, what was last seen, how much is missing and how sure that is';
