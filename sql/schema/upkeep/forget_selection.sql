CREATE FUNCTION inventory_core_internal._orphan_sets(tenant text) RETURNS TABLE (chunk integer, item_ids bytea)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT o.chunk, o.item_ids
    FROM (SELECT i.chunk, inventory_core_internal._bitmap_subtract(i.item_ids, k.item_ids) AS item_ids
          FROM (SELECT t.chunk, inventory_core_internal._bitmap_union(array_agg(t.item_ids)) AS item_ids
                FROM (SELECT t.chunk, t.item_ids FROM inventory_core_internal.item_types AS t
                      WHERE t.tenant_id = _orphan_sets.tenant
                      UNION ALL
                      SELECT p.chunk, p.item_ids FROM inventory_core_internal.run_parts AS p
                      WHERE p.tenant_id = _orphan_sets.tenant AND p.policy_type <> '') AS t
                GROUP BY t.chunk) AS i
          LEFT JOIN (SELECT k.chunk, inventory_core_internal._bitmap_union(array_agg(k.item_ids)) AS item_ids
                     FROM (SELECT p.chunk, p.known_ids AS item_ids FROM inventory_core_internal.presence AS p
                           WHERE p.tenant_id = _orphan_sets.tenant
                           UNION ALL
                           SELECT p.chunk, p.item_ids
                           FROM inventory_core_internal.sync_runs AS r
                           JOIN inventory_core_internal.run_parts AS p ON p.tenant_id = r.tenant_id AND p.run_id = r.run_id
                           WHERE r.tenant_id = _orphan_sets.tenant AND r.status = 'running') AS k
                     GROUP BY k.chunk) AS k ON k.chunk = i.chunk) AS o
    WHERE inventory_core_internal._bitmap_count(o.item_ids) > 0;
END;
COMMENT ON FUNCTION inventory_core_internal._orphan_sets(text) IS
    'The items of a tenant that no selection knows and no running run has observed';

CREATE FUNCTION inventory_core_internal._hand_over_last_seen(tenant text, selection_hash text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    lost record;
    other record;
    rest bytea;
    found_ids bytea;
BEGIN
    FOR lost IN
        SELECT l.chunk, inventory_core_internal._bitmap_union(array_agg(l.item_ids)) AS item_ids
        FROM inventory_core_internal.last_seen AS l
        JOIN inventory_core_internal.sync_runs AS r ON r.tenant_id = tenant AND r.run_id = l.run_id
        WHERE l.tenant_id = tenant AND l.selection_hash = '*' AND r.selection_hash = _hand_over_last_seen.selection_hash
        GROUP BY l.chunk
    LOOP
        rest := lost.item_ids;
        FOR other IN
            SELECT l.block, l.run_id, l.item_ids
            FROM inventory_core_internal.last_seen AS l
            JOIN inventory_core_internal.sync_runs AS r ON r.tenant_id = tenant AND r.run_id = l.run_id
            WHERE l.tenant_id = tenant AND l.chunk = lost.chunk
              AND l.selection_hash NOT IN ('*', _hand_over_last_seen.selection_hash)
              -- a run that is not folded yet will be, and is read from its parts until then
              AND NOT EXISTS (SELECT FROM inventory_core_internal.run_parts AS p
                              WHERE p.tenant_id = tenant AND p.run_id = l.run_id)
            ORDER BY r.start_no DESC, r.started_at DESC, r.run_id DESC
        LOOP
            found_ids := inventory_core_internal._bitmap_intersect(other.item_ids, rest);
            CONTINUE WHEN inventory_core_internal._bitmap_count(found_ids) = 0;
            INSERT INTO inventory_core_internal.last_seen AS l (tenant_id, selection_hash, chunk, block, run_id, item_ids)
            VALUES (tenant, '*', lost.chunk, other.block, other.run_id, found_ids)
            ON CONFLICT ON CONSTRAINT last_seen_pkey DO UPDATE
            SET item_ids = inventory_core_internal._bitmap_union(ARRAY[l.item_ids, excluded.item_ids]);
            rest := inventory_core_internal._bitmap_subtract(rest, found_ids);
            EXIT WHEN inventory_core_internal._bitmap_count(rest) = 0;
        END LOOP;
    END LOOP;
    DELETE FROM inventory_core_internal.last_seen AS l
    USING inventory_core_internal.sync_runs AS r
    WHERE l.tenant_id = tenant AND l.selection_hash = '*' AND r.tenant_id = tenant AND r.run_id = l.run_id
      AND r.selection_hash = _hand_over_last_seen.selection_hash;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._hand_over_last_seen(text, text) IS
    'What the runs of a selection were the last to see in the tenant, another selection''s runs become the last to see';

CREATE FUNCTION inventory_core.forget_selection(tenant text, selection_hash text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    hash CONSTANT text := selection_hash;
    runs uuid[];
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant, 'maintainer');
    PERFORM inventory_core_internal._begin_read(tenant, hash);
    PERFORM inventory_core_internal._lock_selection_alone(tenant, hash);
    PERFORM inventory_core_internal._fold_into_tenant(tenant);
    PERFORM inventory_core_internal._hand_over_last_seen(tenant, hash);

    runs := ARRAY(SELECT r.run_id FROM inventory_core_internal.sync_runs AS r
                  WHERE r.tenant_id = tenant AND r.selection_hash = hash);
    DELETE FROM inventory_core_internal.last_seen AS l WHERE l.tenant_id = tenant AND l.selection_hash = hash;
    DELETE FROM inventory_core_internal.presence AS p WHERE p.tenant_id = tenant AND p.selection_hash = hash;
    DELETE FROM inventory_core_internal.removals AS d WHERE d.tenant_id = tenant AND d.selection_hash = hash;
    DELETE FROM inventory_core_internal.removed_items AS d WHERE d.tenant_id = tenant AND d.selection_hash = hash;
    -- The feed keeps the numbers, so that each change_id stays valid, and does not tell the changes any more.
    DELETE FROM inventory_core_internal.feed_items AS f
    USING inventory_core_internal.feed_entries AS e
    WHERE f.tenant_id = tenant AND e.tenant_id = tenant AND f.feed_no = e.feed_no AND e.selection_hash = hash;
    DELETE FROM inventory_core_internal.selection_types AS t WHERE t.tenant_id = tenant AND t.selection_hash = hash;
    DELETE FROM inventory_core_internal.type_counts AS c WHERE c.tenant_id = tenant AND c.selection_hash = hash;
    DELETE FROM inventory_core_internal.run_changes_bitmaps AS b WHERE b.tenant_id = tenant AND b.run_id = ANY (runs);
    DELETE FROM inventory_core_internal.sync_errors AS e WHERE e.tenant_id = tenant AND e.run_id = ANY (runs);
    DELETE FROM inventory_core_internal.sync_runs AS r WHERE r.tenant_id = tenant AND r.run_id = ANY (runs);
    DELETE FROM inventory_core_internal.pruned_runs AS p WHERE p.tenant_id = tenant AND p.selection_hash = hash;
    DELETE FROM inventory_core_internal.refusals AS f WHERE f.tenant_id = tenant AND f.selection_hash = hash;
    DELETE FROM inventory_core_internal.selections AS s WHERE s.tenant_id = tenant AND s.selection_hash = hash;
    PERFORM inventory_core_internal._add_event(tenant, 'forgotten', NULL, hash);
    RETURN (SELECT coalesce(sum(inventory_core_internal._bitmap_count(o.item_ids)), 0)
            FROM inventory_core_internal._orphan_sets(tenant) AS o);
END
$$;
COMMENT ON FUNCTION inventory_core.forget_selection(text, text) IS
    'Deletes a selection, its runs and its evidence; returns how many items of the tenant no selection knows then';

CREATE FUNCTION inventory_core.forget_orphans(tenant text, dry_run boolean DEFAULT true) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant, 'maintainer');
    PERFORM inventory_core_internal._require('dry_run', dry_run IS NOT NULL);
    IF dry_run THEN
        RETURN (SELECT coalesce(sum(inventory_core_internal._bitmap_count(o.item_ids)), 0)
                FROM inventory_core_internal._orphan_sets(tenant) AS o);
    END IF;
    -- Waits for uncommitted batches and ends of runs: the query below must see what they observed.
    PERFORM inventory_core_internal._lock_shared('tenant', ''), inventory_core_internal._lock('items', '');
    RETURN inventory_core.forget_items(tenant, ARRAY(
        SELECT inventory_core_internal._bitmap_ids(o.chunk, o.item_ids)
        FROM inventory_core_internal._orphan_sets(tenant) AS o));
END
$$;
COMMENT ON FUNCTION inventory_core.forget_orphans(text, boolean) IS
    'Forgets the items that no selection knows and no running run has observed; only counts them unless dry_run is false';
