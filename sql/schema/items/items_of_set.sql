-- Sequential and bitmap scans are off, so that items come in the order of their ids.
CREATE FUNCTION inventory_core_internal._items_of_set(tenant text, chunk integer, item_ids bytea)
RETURNS TABLE (item_id bigint, policy_type text, external_id text, display_name text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = off
SET jit = off
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
    -- A set of at least this many items is found by reading the whole chunk.
    many CONSTANT integer := 16384;
    positions bytea;
    ids bigint[];
BEGIN
    IF inventory_core_internal._bitmap_count(item_ids) < many THEN
        ids := ARRAY(SELECT inventory_core_internal._bitmap_ids(_items_of_set.chunk, _items_of_set.item_ids));
        RETURN QUERY
        SELECT i.item_id, i.policy_type, i.external_id, i.display_name
        FROM unnest(ids) AS id
        CROSS JOIN LATERAL (SELECT i.* FROM inventory_core_internal.items AS i
                            WHERE i.tenant_id = tenant AND i.item_id = id OFFSET 0) AS i
        ORDER BY i.item_id;
    ELSE
        positions := inventory_core_internal._bitmap_positions(ARRAY[_items_of_set.item_ids]);
        RETURN QUERY
        SELECT i.item_id, i.policy_type, i.external_id, i.display_name
        FROM inventory_core_internal.items AS i
        WHERE i.tenant_id = tenant
          AND i.item_id BETWEEN _items_of_set.chunk::bigint << 16 AND (_items_of_set.chunk::bigint << 16) | 65535
          AND inventory_core_internal._bitmap_position(positions, i.item_id) IS NOT NULL
        ORDER BY i.item_id;
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._items_of_set(text, integer, bytea) IS
    'The items of a bitmap, in the order of their ids; reads no more than its chunk';
