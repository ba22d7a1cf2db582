-- The part of the end of a run that concerns removals; _judge calls it only if there are any.

CREATE FUNCTION inventory_core_internal._end_removals(run inventory_core_internal.sync_runs) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    chunks integer[];
    sets bytea[];
BEGIN
    SELECT array_agg(r.chunk), array_agg(r.item_ids) INTO chunks, sets
    FROM inventory_core_internal._removed_by(run.tenant_id, run.selection_hash, run.run_seq, run.run_id) AS r;
    DELETE FROM inventory_core_internal.removals AS r
    WHERE r.tenant_id = run.tenant_id AND r.selection_hash = run.selection_hash AND r.run_seq = run.run_seq;
    INSERT INTO inventory_core_internal.removals (tenant_id, selection_hash, run_seq, chunk, part, item_ids)
    SELECT run.tenant_id, run.selection_hash, run.run_seq, r.chunk, '00000000-0000-0000-0000-000000000000', r.item_ids
    FROM unnest(chunks, sets) AS r (chunk, item_ids);

    -- What was present, or was added by this run, is missing from now on.
    INSERT INTO inventory_core_internal.run_changes_bitmaps (tenant_id, run_id, chunk, change, item_ids)
    SELECT run.tenant_id, run.run_id, t.chunk, 'removed', t.item_ids
    FROM (SELECT r.chunk,
                 inventory_core_internal._bitmap_intersect(
                     r.item_ids,
                     inventory_core_internal._bitmap_union(ARRAY[
                         inventory_core_internal._bitmap_subtract(p.known_ids, p.missing_ids), a.item_ids])) AS item_ids
          FROM unnest(chunks, sets) AS r (chunk, item_ids)
          LEFT JOIN inventory_core_internal.presence AS p
              ON p.tenant_id = run.tenant_id AND p.selection_hash = run.selection_hash AND p.chunk = r.chunk
          LEFT JOIN inventory_core_internal.run_changes_bitmaps AS a
              ON a.tenant_id = run.tenant_id AND a.run_id = run.run_id AND a.chunk = r.chunk AND a.change = 'added') AS t
    WHERE inventory_core_internal._bitmap_count(t.item_ids) > 0;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._end_removals(inventory_core_internal.sync_runs) IS
    'Stores what an ending run removed, and what is missing because of it';

CREATE FUNCTION inventory_core_internal._touched_sets(run inventory_core_internal.sync_runs)
RETURNS TABLE (chunk integer, observed bytea, removed bytea, touched bytea)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(o.chunk, r.chunk), o.observed, r.item_ids,
           inventory_core_internal._bitmap_union(ARRAY[o.observed, r.item_ids])
    FROM inventory_core_internal._run_sets(run.tenant_id, run.run_id) AS o
    FULL JOIN (SELECT r.chunk, r.item_ids FROM inventory_core_internal.removals AS r
               WHERE r.tenant_id = run.tenant_id AND r.selection_hash = run.selection_hash
                 AND r.run_seq = run.run_seq) AS r ON r.chunk = o.chunk;
END;
COMMENT ON FUNCTION inventory_core_internal._touched_sets(inventory_core_internal.sync_runs) IS
    'What an ending run observed, and what it ended with removed';

-- Every set is found by its key, as in _fold.
CREATE FUNCTION inventory_core_internal._fold_removals(run inventory_core_internal.sync_runs) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    few CONSTANT integer := 64;
    old record;
    -- removed before, not observed since, and removed again
    again_chunks integer[] := '{}';
    again_seqs bigint[] := '{}';
    again_sets bytea[] := '{}';
BEGIN
    FOR old IN
        SELECT d.chunk, d.block, d.first_seq, d.last_seq, inventory_core_internal._bitmap_subtract(d.item_ids, t.touched) AS kept,
               inventory_core_internal._bitmap_intersect(
                   d.item_ids, inventory_core_internal._bitmap_subtract(t.removed, t.observed)) AS again
        FROM (SELECT t.*, inventory_core_internal._bitmap_count(t.touched) <= few AS is_few
              FROM inventory_core_internal._touched_sets(run) AS t
              OFFSET 0) AS t
        CROSS JOIN LATERAL (SELECT c.block AS first_block, c.block AS last_block
                            FROM inventory_core_internal._bitmap_blocks(t.touched) AS c WHERE t.is_few
                            UNION ALL
                            SELECT -1, CASE WHEN t.is_few THEN -1 ELSE 1023 END) AS b
        CROSS JOIN LATERAL (SELECT d.chunk, d.block, d.first_seq, d.last_seq, d.item_ids
                            FROM inventory_core_internal.removed_items AS d
                            WHERE d.tenant_id = run.tenant_id AND d.selection_hash = run.selection_hash AND d.chunk = t.chunk
                              AND d.block BETWEEN b.first_block AND b.last_block
                              AND inventory_core_internal._bitmap_count(
                                      inventory_core_internal._bitmap_intersect(d.item_ids, t.touched)) > 0
                            OFFSET 0) AS d
    LOOP
        again_chunks := again_chunks || old.chunk;
        again_seqs := again_seqs || old.first_seq;
        again_sets := again_sets || old.again;
        IF inventory_core_internal._bitmap_count(old.kept) = 0 THEN
            DELETE FROM inventory_core_internal.removed_items AS d
            WHERE d.tenant_id = run.tenant_id AND d.selection_hash = run.selection_hash AND d.chunk = old.chunk
              AND d.block = old.block AND d.first_seq = old.first_seq AND d.last_seq = old.last_seq;
        ELSE
            UPDATE inventory_core_internal.removed_items AS d
            SET item_ids = old.kept
            WHERE d.tenant_id = run.tenant_id AND d.selection_hash = run.selection_hash AND d.chunk = old.chunk
              AND d.block = old.block AND d.first_seq = old.first_seq AND d.last_seq = old.last_seq;
        END IF;
    END LOOP;
    INSERT INTO inventory_core_internal.removed_items (tenant_id, selection_hash, chunk, block, first_seq, last_seq, item_ids)
    SELECT run.tenant_id, run.selection_hash, n.chunk, c.block, n.first_seq, run.run_seq, c.item_ids
    FROM (SELECT a.chunk, a.first_seq, inventory_core_internal._bitmap_union(array_agg(a.item_ids)) AS item_ids
          FROM unnest(again_chunks, again_seqs, again_sets) AS a (chunk, first_seq, item_ids)
          GROUP BY a.chunk, a.first_seq
          UNION ALL
          SELECT t.chunk, run.run_seq,
                 inventory_core_internal._bitmap_subtract(t.removed, (
                     SELECT inventory_core_internal._bitmap_union(array_agg(a.item_ids))
                     FROM unnest(again_chunks, again_sets) AS a (chunk, item_ids) WHERE a.chunk = t.chunk))
          FROM inventory_core_internal._touched_sets(run) AS t
          WHERE t.removed IS NOT NULL) AS n
    CROSS JOIN LATERAL inventory_core_internal._shaped(
        n.item_ids, inventory_core_internal._bitmap_count(n.item_ids) <= few) AS c
    WHERE inventory_core_internal._bitmap_count(c.item_ids) > 0;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._fold_removals(inventory_core_internal.sync_runs) IS
    'Applies what an ending run observed and removed to the removed items of its selection; cost by touched chunks';
