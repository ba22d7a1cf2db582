CREATE FUNCTION inventory_core_internal._is_first_miss(removed_seq bigint, counted_seq bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN removed_seq IS NOT NULL AND (counted_seq IS NULL OR removed_seq < counted_seq);
COMMENT ON FUNCTION inventory_core_internal._is_first_miss(bigint, bigint) IS
    'Whether a removal came before the first run that counts, and so is a miss of its own';

CREATE TYPE inventory_core_internal.missing_group AS (
    start_no bigint, missed_runs integer, missing_since timestamptz, run_id uuid, confidence text, reasons text[]);
COMMENT ON TYPE inventory_core_internal.missing_group IS
    'What the missing items of one type that the same run last saw, and the same runs removed, have in common';
COMMENT ON COLUMN inventory_core_internal.missing_group.start_no IS 'start_no of their baseline';
COMMENT ON COLUMN inventory_core_internal.missing_group.missed_runs IS 'How many runs missed them';
COMMENT ON COLUMN inventory_core_internal.missing_group.missing_since IS 'Start of the first run that missed them';
COMMENT ON COLUMN inventory_core_internal.missing_group.run_id IS 'Their baseline';
COMMENT ON COLUMN inventory_core_internal.missing_group.confidence IS 'high or low';
COMMENT ON COLUMN inventory_core_internal.missing_group.reasons IS 'Why the confidence is low';

-- Nested loops are off as in _type_baselines.
CREATE FUNCTION inventory_core_internal._missing_groups(tenant text, selection_hash text, baseline text)
RETURNS TABLE (chunk integer, item_ids bytea, answer inventory_core_internal.missing_group)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = off
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH sets AS MATERIALIZED (
        SELECT m.* FROM inventory_core_internal._missing_sets(tenant, _missing_groups.selection_hash, _missing_groups.baseline) AS m
    ), groups AS MATERIALIZED (
        SELECT g.policy_type, g.run_seq, g.first_removed, g.last_removed,
               ROW(coalesce(d.start_no, t.start_no),
                   coalesce(inventory_core_internal._runs_count(t.runs, g.run_seq, t.baseline_seq), 0)::integer
                       + inventory_core_internal._is_first_miss(g.first_removed, n.counted_seq)::integer,
                   inventory_core_internal._run_started_at(tenant, _missing_groups.selection_hash,
                                                           least(g.first_removed, n.counted_seq)),
                   coalesce(d.run_id, t.run_id),
                   CASE WHEN d.run_id IS NULL THEN t.confidence ELSE 'high' END,
                   CASE WHEN d.run_id IS NULL THEN t.reasons ELSE '{removed}' END
               )::inventory_core_internal.missing_group AS answer
        FROM (SELECT DISTINCT s.policy_type, s.run_seq, s.first_removed, s.last_removed FROM sets AS s) AS g
        JOIN inventory_core_internal._type_baselines(tenant, _missing_groups.selection_hash, _missing_groups.baseline) AS t
            ON t.policy_type = g.policy_type
        CROSS JOIN LATERAL (SELECT inventory_core_internal._runs_first_after(t.runs, g.run_seq) AS counted_seq OFFSET 0) AS n
        -- of a removed item, the run that said so last is the baseline
        LEFT JOIN LATERAL (SELECT r.run_id, r.start_no FROM inventory_core_internal.sync_runs AS r
                           WHERE r.tenant_id = tenant AND r.selection_hash = _missing_groups.selection_hash
                             AND r.run_seq = g.last_removed
                           OFFSET 0) AS d ON true
    )
    SELECT s.chunk, s.item_ids, g.answer
    FROM sets AS s
    JOIN groups AS g ON g.policy_type = s.policy_type AND g.run_seq = s.run_seq
        AND (g.first_removed, g.last_removed) IS NOT DISTINCT FROM (s.first_removed, s.last_removed);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._missing_groups(text, text, text) IS
    'The missing items of a selection as disjoint bitmaps, each with what the answers say of all items in it';
