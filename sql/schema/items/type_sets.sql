CREATE FUNCTION inventory_core_internal._type_sets(tenant text, selection_hash text, chunks integer[])
RETURNS TABLE (chunk integer, policy_type text, item_ids bytea)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    -- If the selection has few types, each of them is looked up in each chunk, so that a small selection costs little in a
    -- tenant with very many types. Otherwise all types of the tenant in these chunks are read.
    few CONSTANT integer := 200;
    are_few boolean := selection_hash IS NOT NULL AND (SELECT count(*) <= few
                        FROM (SELECT FROM inventory_core_internal.selection_types AS t
                              WHERE t.tenant_id = tenant AND t.selection_hash = _type_sets.selection_hash
                              LIMIT few + 1) AS counted);
BEGIN
    RETURN QUERY
    SELECT s.chunk, s.policy_type,
           CASE WHEN count(*) = 1 THEN (array_agg(s.item_ids))[1]
                ELSE inventory_core_internal._bitmap_union(array_agg(s.item_ids)) END
    FROM (SELECT c.chunk, t.policy_type, i.item_ids
          FROM inventory_core_internal.selection_types AS t
          CROSS JOIN unnest(chunks) AS c (chunk)
          CROSS JOIN LATERAL (SELECT i.item_ids FROM inventory_core_internal.item_types AS i
                              WHERE i.tenant_id = tenant AND i.chunk = c.chunk AND i.policy_type = t.policy_type
                              OFFSET 0) AS i
          WHERE are_few AND t.tenant_id = tenant AND t.selection_hash = _type_sets.selection_hash
          UNION ALL
          SELECT i.chunk, i.policy_type, i.item_ids
          FROM unnest(chunks) AS c (chunk)
          CROSS JOIN LATERAL (SELECT i.chunk, i.policy_type, i.item_ids FROM inventory_core_internal.item_types AS i
                              WHERE i.tenant_id = tenant AND i.chunk = c.chunk
                              OFFSET 0) AS i
          WHERE NOT are_few
          UNION ALL
          -- items inserted by runs that are running or not folded yet
          SELECT p.chunk, p.policy_type, p.item_ids
          FROM inventory_core_internal.run_parts AS p
          WHERE p.tenant_id = tenant AND p.policy_type <> '' AND p.chunk = ANY (chunks)) AS s
    GROUP BY s.chunk, s.policy_type;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._type_sets(text, text, integer[]) IS
    'The items of some chunks by policy type; if a selection is given, at least those of its types';

CREATE FUNCTION inventory_core_internal._fold_types(tenant text, run_id uuid) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO inventory_core_internal.item_types AS t (tenant_id, chunk, policy_type, item_ids)
    SELECT tenant, p.chunk, p.policy_type, inventory_core_internal._bitmap_union(array_agg(p.item_ids))
    FROM inventory_core_internal.run_parts AS p
    WHERE p.tenant_id = tenant AND p.run_id = _fold_types.run_id AND p.policy_type <> ''
    GROUP BY p.chunk, p.policy_type
    ORDER BY p.chunk, p.policy_type
    ON CONFLICT ON CONSTRAINT item_types_pkey DO UPDATE
    SET item_ids = inventory_core_internal._bitmap_union(ARRAY[t.item_ids, excluded.item_ids]);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._fold_types(text, uuid) IS
    'Folds the items that a run inserted into the bitmaps of their types';
