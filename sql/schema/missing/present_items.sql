CREATE FUNCTION inventory_core.present_items(tenant text, selection_hash text)
RETURNS TABLE (item_id bigint, policy_type text, external_id text, display_name text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    c record;
BEGIN
    PERFORM inventory_core_internal._begin_read(tenant, present_items.selection_hash);
    PERFORM inventory_core_internal._require_selection(tenant, present_items.selection_hash);
    FOR c IN
        SELECT s.chunk, inventory_core_internal._bitmap_union(array_agg(s.item_ids)) AS item_ids
        FROM (SELECT p.chunk, inventory_core_internal._bitmap_subtract(p.known_ids, p.missing_ids) AS item_ids
              FROM inventory_core_internal.presence AS p
              WHERE p.tenant_id = tenant AND p.selection_hash = present_items.selection_hash
              UNION ALL
              SELECT o.chunk, o.item_ids
              FROM inventory_core_internal._running_sets(tenant, present_items.selection_hash) AS o) AS s
        GROUP BY s.chunk
        ORDER BY s.chunk
    LOOP
        RETURN QUERY
        SELECT i.item_id, i.policy_type, i.external_id, i.display_name
        FROM inventory_core_internal._items_of_set(tenant, c.chunk, c.item_ids) AS i
        ORDER BY i.item_id;
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory_core.present_items(text, text) IS
    'The items of a selection that are not missing by latest_clean, with what its running run has observed so far';
