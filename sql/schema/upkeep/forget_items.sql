CREATE FUNCTION inventory_core.forget_items(tenant text, item_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    forgotten bigint[];
    types text[];
    bits record;
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant, 'maintainer');
    PERFORM inventory_core_internal._require('item_ids', forget_items.item_ids IS NOT NULL);
    -- Waits for uncommitted batches and ends of runs; a later batch finds the items gone and inserts them again.
    PERFORM inventory_core_internal._lock_shared('tenant', ''), inventory_core_internal._lock('items', '');
    WITH gone AS (
        DELETE FROM inventory_core_internal.items AS i
        WHERE i.tenant_id = tenant AND i.item_id = ANY (forget_items.item_ids)
        RETURNING i.item_id, i.policy_type)
    SELECT coalesce(array_agg(g.item_id), '{}'), array_agg(g.policy_type) INTO forgotten, types FROM gone AS g;

    -- Each selection knows fewer of each type.
    UPDATE inventory_core_internal.selection_types AS t
    SET known_count = t.known_count - f.known, present_count = t.present_count - f.present
    FROM (SELECT p.selection_hash, g.policy_type,
                 sum(inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_intersect(c.item_ids, p.known_ids))) AS known,
                 sum(inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_subtract(
                     inventory_core_internal._bitmap_intersect(c.item_ids, p.known_ids), p.missing_ids))) AS present
          FROM (SELECT i.policy_type, array_agg(i.item_id) AS item_ids
                FROM unnest(forgotten, types) AS i (item_id, policy_type)
                GROUP BY i.policy_type) AS g
          CROSS JOIN LATERAL inventory_core_internal._bitmap_chunks(g.item_ids) AS c
          JOIN inventory_core_internal.presence AS p ON p.tenant_id = tenant AND p.chunk = c.chunk
          GROUP BY p.selection_hash, g.policy_type) AS f
    WHERE t.tenant_id = tenant AND t.selection_hash = f.selection_hash AND t.policy_type = f.policy_type AND f.known > 0;

    FOR bits IN SELECT c.chunk, c.item_ids FROM inventory_core_internal._bitmap_chunks(forgotten) AS c LOOP
        UPDATE inventory_core_internal.last_seen AS s
        SET item_ids = inventory_core_internal._bitmap_subtract(s.item_ids, bits.item_ids)
        WHERE s.tenant_id = tenant AND s.chunk = bits.chunk
          AND inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_intersect(s.item_ids, bits.item_ids)) > 0;
        UPDATE inventory_core_internal.run_changes_bitmaps AS s
        SET item_ids = inventory_core_internal._bitmap_subtract(s.item_ids, bits.item_ids)
        WHERE s.tenant_id = tenant AND s.chunk = bits.chunk
          AND inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_intersect(s.item_ids, bits.item_ids)) > 0;
        UPDATE inventory_core_internal.run_parts AS s
        SET item_ids = inventory_core_internal._bitmap_subtract(s.item_ids, bits.item_ids)
        WHERE s.tenant_id = tenant AND s.chunk = bits.chunk
          AND inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_intersect(s.item_ids, bits.item_ids)) > 0;
        UPDATE inventory_core_internal.removals AS s
        SET item_ids = inventory_core_internal._bitmap_subtract(s.item_ids, bits.item_ids)
        WHERE s.tenant_id = tenant AND s.chunk = bits.chunk
          AND inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_intersect(s.item_ids, bits.item_ids)) > 0;
        UPDATE inventory_core_internal.removed_items AS s
        SET item_ids = inventory_core_internal._bitmap_subtract(s.item_ids, bits.item_ids)
        WHERE s.tenant_id = tenant AND s.chunk = bits.chunk
          AND inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_intersect(s.item_ids, bits.item_ids)) > 0;
        UPDATE inventory_core_internal.presence AS s
        SET known_ids = inventory_core_internal._bitmap_subtract(s.known_ids, bits.item_ids),
            missing_ids = inventory_core_internal._bitmap_subtract(s.missing_ids, bits.item_ids)
        WHERE s.tenant_id = tenant AND s.chunk = bits.chunk
          AND inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_intersect(s.known_ids, bits.item_ids)) > 0;
        UPDATE inventory_core_internal.item_types AS s
        SET item_ids = inventory_core_internal._bitmap_subtract(s.item_ids, bits.item_ids)
        WHERE s.tenant_id = tenant AND s.chunk = bits.chunk
          AND inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_intersect(s.item_ids, bits.item_ids)) > 0;
        DELETE FROM inventory_core_internal.removals AS s
        WHERE s.tenant_id = tenant AND s.chunk = bits.chunk AND inventory_core_internal._bitmap_count(s.item_ids) = 0;
        DELETE FROM inventory_core_internal.removed_items AS s
        WHERE s.tenant_id = tenant AND s.chunk = bits.chunk AND inventory_core_internal._bitmap_count(s.item_ids) = 0;
        DELETE FROM inventory_core_internal.presence AS s
        WHERE s.tenant_id = tenant AND s.chunk = bits.chunk AND inventory_core_internal._bitmap_count(s.known_ids) = 0;
        DELETE FROM inventory_core_internal.item_types AS s
        WHERE s.tenant_id = tenant AND s.chunk = bits.chunk AND inventory_core_internal._bitmap_count(s.item_ids) = 0;
        DELETE FROM inventory_core_internal.last_seen AS s
        WHERE s.tenant_id = tenant AND s.chunk = bits.chunk AND inventory_core_internal._bitmap_count(s.item_ids) = 0;
        DELETE FROM inventory_core_internal.run_changes_bitmaps AS s
        WHERE s.tenant_id = tenant AND s.chunk = bits.chunk AND inventory_core_internal._bitmap_count(s.item_ids) = 0;
    END LOOP;
    IF forgotten <> '{}' THEN
        PERFORM inventory_core_internal._add_event(tenant, 'forgotten', forgotten);
    END IF;
    RETURN cardinality(forgotten);
END
$$;
COMMENT ON FUNCTION inventory_core.forget_items(text, bigint[]) IS
    'Deletes items permanently: no answer counts them any more, and their ids are not reused';
