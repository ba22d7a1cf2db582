CREATE FUNCTION inventory_core_internal._prune_feed(tenant text, pruned uuid[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last record;
BEGIN
    SELECT e.feed_no, e.entry_id INTO last
    FROM inventory_core_internal.feed_entries AS e
    WHERE e.tenant_id = tenant AND e.event IS NULL AND e.entry_id = ANY (pruned)
    ORDER BY e.feed_no DESC
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO inventory_core_internal.feed_pruned AS p (tenant_id, feed_no, entry_id, change_no, item_id)
    SELECT tenant, last.feed_no, last.entry_id, coalesce(c.change_no, 0), coalesce(c.item_id, 0)
    FROM (VALUES (true)) AS one
    LEFT JOIN (SELECT c.change_no, max(id) AS item_id
               FROM (SELECT b.chunk, b.item_ids,
                            CASE b.change WHEN 'removed' THEN 4
                                          ELSE array_position(inventory_core_internal._changes(), b.change) END AS change_no
                     FROM inventory_core_internal.run_changes_bitmaps AS b
                     WHERE b.tenant_id = tenant AND b.run_id = last.entry_id) AS c
               CROSS JOIN LATERAL inventory_core_internal._bitmap_ids(c.chunk, c.item_ids) AS id
               GROUP BY c.change_no
               ORDER BY c.change_no DESC
               LIMIT 1) AS c ON true
    ON CONFLICT ON CONSTRAINT feed_pruned_pkey DO UPDATE
    SET feed_no = excluded.feed_no, entry_id = excluded.entry_id, change_no = excluded.change_no, item_id = excluded.item_id;
    -- The feed now begins after this run: what has a lower number is not told any more.
    DELETE FROM inventory_core_internal.feed_entries AS e WHERE e.tenant_id = tenant AND e.feed_no <= last.feed_no;
    DELETE FROM inventory_core_internal.feed_items AS f WHERE f.tenant_id = tenant AND f.feed_no <= last.feed_no;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._prune_feed(text, uuid[]) IS
    'Removes pruned runs from the feed, and keeps the last of their changes as the place where the feed begins';
