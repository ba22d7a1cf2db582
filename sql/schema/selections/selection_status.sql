-- A type of its own, because a column of RETURNS TABLE may not bear the name of an argument.
CREATE TYPE inventory_core.selection_status AS (
    selection_hash text, selection jsonb, running_run_id uuid, latest_run_id uuid, latest_status text,
    latest_finished_at timestamptz, latest_success_run_id uuid, latest_success_at timestamptz,
    known_items bigint, observed_items bigint, missing_items bigint, confirmed_missing bigint,
    confidence text, reasons text[]);
COMMENT ON TYPE inventory_core.selection_status IS 'What the function selection_status gives';
COMMENT ON COLUMN inventory_core.selection_status.selection_hash IS 'The hash that was asked for';
COMMENT ON COLUMN inventory_core.selection_status.selection IS 'The selection; NULL where it is not known';
COMMENT ON COLUMN inventory_core.selection_status.running_run_id IS
    'The run that is under way; NULL where there is none';
COMMENT ON COLUMN inventory_core.selection_status.latest_run_id IS 'The completed run that started last';
COMMENT ON COLUMN inventory_core.selection_status.latest_status IS 'How that one ended';
COMMENT ON COLUMN inventory_core.selection_status.latest_finished_at IS 'When that one ended';
COMMENT ON COLUMN inventory_core.selection_status.latest_success_run_id IS 'The last clean success';
COMMENT ON COLUMN inventory_core.selection_status.latest_success_at IS 'When that one ended';
COMMENT ON COLUMN inventory_core.selection_status.known_items IS 'Items that a completed run of the selection ever saw';
COMMENT ON COLUMN inventory_core.selection_status.observed_items IS
    'Known items that are not missing: seen by the latest run or by one under way';
COMMENT ON COLUMN inventory_core.selection_status.missing_items IS
    'Known items that are missing, judged by the latest run';
COMMENT ON COLUMN inventory_core.selection_status.confirmed_missing IS
    'Known items that are missing, judged by the last clean success';
COMMENT ON COLUMN inventory_core.selection_status.confidence IS 'high, low, or none where no run has completed';
COMMENT ON COLUMN inventory_core.selection_status.reasons IS 'Why it is low';

CREATE FUNCTION inventory_core.selection_status(tenant text, selection_hash text)
RETURNS SETOF inventory_core.selection_status
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    hash text := selection_hash;
BEGIN
    PERFORM inventory_core_internal._begin_read(tenant, hash);
    RETURN QUERY
    SELECT hash, s.selection, running.run_id, latest.run_id, latest.status, latest.finished_at,
           success.run_id, success.finished_at,
           k.known, k.known - m.missing, m.missing, c.missing,
           coalesce(latest.confidence, 'none'), coalesce(latest.reasons, '{}')
    FROM (SELECT coalesce(sum(inventory_core_internal._bitmap_count(l.item_ids)), 0)::bigint AS known
          FROM inventory_core_internal.last_seen AS l
          WHERE l.tenant_id = tenant AND l.selection_hash = hash) AS k
    LEFT JOIN inventory_core_internal.selections AS s ON s.tenant_id = tenant AND s.selection_hash = hash
    LEFT JOIN inventory_core_internal.sync_runs AS running
        ON running.tenant_id = tenant AND running.selection_hash = hash AND running.status = 'running'
    LEFT JOIN LATERAL inventory_core_internal._baseline(tenant, hash, 'latest') AS latest ON true
    LEFT JOIN LATERAL inventory_core_internal._baseline(tenant, hash, 'latest_success') AS success ON true
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(inventory_core_internal._bitmap_count(x.item_ids)), 0)::bigint AS missing
        FROM inventory_core_internal._missing_sets(tenant, hash, latest.run_seq) AS x) AS m
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(inventory_core_internal._bitmap_count(x.item_ids)), 0)::bigint AS missing
        FROM inventory_core_internal._missing_sets(tenant, hash, success.run_seq) AS x) AS c;
END
$$;
COMMENT ON FUNCTION inventory_core.selection_status(text, text) IS
    'One row about a selection: who runs, what was last seen, how much is missing and how sure that is';
