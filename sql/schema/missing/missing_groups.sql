CREATE TYPE inventory_core_internal.missing_group AS (
    start_no bigint, missed_runs integer, missing_since timestamptz, run_id uuid, confidence text, reasons text[]);
COMMENT ON TYPE inventory_core_internal.missing_group IS
    'What the missing items of one type that the same run last saw have in common';
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
        SELECT g.policy_type, g.run_seq,
               ROW(t.start_no, inventory_core_internal._runs_count(t.runs, g.run_seq, t.baseline_seq)::integer,
                   inventory_core_internal._run_started_at(tenant, _missing_groups.selection_hash,
                       inventory_core_internal._runs_first_after(t.runs, g.run_seq)),
                   t.run_id, t.confidence, t.reasons)::inventory_core_internal.missing_group AS answer
        FROM (SELECT DISTINCT s.policy_type, s.run_seq FROM sets AS s) AS g
        JOIN inventory_core_internal._type_baselines(tenant, _missing_groups.selection_hash, _missing_groups.baseline) AS t
            ON t.policy_type = g.policy_type
    )
    SELECT s.chunk, s.item_ids, g.answer
    FROM sets AS s
    JOIN groups AS g ON g.policy_type = s.policy_type AND g.run_seq = s.run_seq;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._missing_groups(text, text, text) IS
    'The missing items of a selection as disjoint bitmaps, each with what the answers say of all items in it';
