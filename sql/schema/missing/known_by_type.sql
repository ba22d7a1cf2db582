CREATE FUNCTION inventory_core_internal._known_by_type(tenant text, selection_hash text)
RETURNS TABLE (policy_type text, known bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
-- As in _judged_types.
SET enable_nestloop = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    chunks integer[] := ARRAY(SELECT p.chunk FROM inventory_core_internal.presence AS p
                              WHERE p.tenant_id = tenant AND p.selection_hash = _known_by_type.selection_hash);
BEGIN
    RETURN QUERY
    WITH sets AS MATERIALIZED (
        SELECT s.chunk, s.policy_type, s.item_ids
        FROM inventory_core_internal._type_sets(tenant, _known_by_type.selection_hash, chunks) AS s
    ), types AS MATERIALIZED (
        SELECT t.policy_type, (row_number() OVER ())::integer AS type_no
        FROM (SELECT DISTINCT s.policy_type FROM sets AS s) AS t
    ), typed AS MATERIALIZED (
        SELECT s.chunk, array_agg(t.type_no) AS type_nos, array_agg(s.item_ids) AS sets
        FROM sets AS s
        JOIN types AS t ON t.policy_type = s.policy_type
        GROUP BY s.chunk
    ), counted AS MATERIALIZED (
        SELECT typed.type_nos[c.type_no] AS type_no, sum(c.items)::bigint AS known
        FROM inventory_core_internal.presence AS p
        JOIN typed ON typed.chunk = p.chunk
        CROSS JOIN LATERAL inventory_core_internal._count_by_type(typed.sets, ARRAY[p.known_ids]) AS c
        WHERE p.tenant_id = tenant AND p.selection_hash = _known_by_type.selection_hash
        GROUP BY 1
    )
    SELECT t.policy_type, c.known
    FROM counted AS c
    JOIN types AS t ON t.type_no = c.type_no;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._known_by_type(text, text) IS 'How many items of each policy type a selection knows';
