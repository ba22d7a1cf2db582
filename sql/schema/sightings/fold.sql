CREATE FUNCTION inventory_core_internal._shaped(item_ids bytea, is_cut boolean) RETURNS TABLE (block integer, item_ids bytea)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT -1, _shaped.item_ids WHERE NOT _shaped.is_cut
    UNION ALL
    SELECT b.block, b.item_ids FROM inventory_core_internal._bitmap_blocks(_shaped.item_ids) AS b WHERE _shaped.is_cut;
END;
COMMENT ON FUNCTION inventory_core_internal._shaped(bytea, boolean) IS 'A set as it is stored: by blocks, or as a whole';

-- Every set is found by its key, one statement each: of a join the planner cannot know that reading all sets of the selection
-- costs more.
CREATE FUNCTION inventory_core_internal._fold_sets(
    run inventory_core_internal.sync_runs, into_selection text, chunks integer[], observed bytea[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    few CONSTANT integer := 64;
    old record;
    newer_chunks integer[] := '{}';
    newer_sets bytea[] := '{}';
BEGIN
    FOR old IN
        SELECT l.chunk, l.block, l.run_id, l.item_ids, r.is_newer,
               inventory_core_internal._bitmap_subtract(l.item_ids, p.observed) AS kept
        -- where the sets are that may have an item in common: if it saw few items, their blocks, and sets that are not cut
        FROM (SELECT s.chunk, s.observed, inventory_core_internal._bitmap_count(s.observed) <= few AS is_few
              FROM unnest(chunks, observed) AS s (chunk, observed)
              OFFSET 0) AS p
        CROSS JOIN LATERAL (SELECT c.block AS first_block, c.block AS last_block
                            FROM inventory_core_internal._bitmap_blocks(p.observed) AS c WHERE p.is_few
                            UNION ALL
                            SELECT -1, CASE WHEN p.is_few THEN -1 ELSE 1023 END) AS b
        CROSS JOIN LATERAL (SELECT l.chunk, l.block, l.run_id, l.item_ids FROM inventory_core_internal.last_seen AS l
                            WHERE l.tenant_id = run.tenant_id AND l.selection_hash = into_selection AND l.chunk = p.chunk
                              AND l.block BETWEEN b.first_block AND b.last_block
                              AND inventory_core_internal._bitmap_count(
                                      inventory_core_internal._bitmap_intersect(l.item_ids, p.observed)) > 0
                            OFFSET 0) AS l
        CROSS JOIN LATERAL (SELECT (r.start_no, r.started_at, r.run_id) > (run.start_no, run.started_at, run.run_id) AS is_newer
                            FROM inventory_core_internal.sync_runs AS r
                            WHERE r.tenant_id = run.tenant_id AND r.run_id = l.run_id
                            OFFSET 0) AS r
    LOOP
        IF old.is_newer THEN
            newer_chunks := newer_chunks || old.chunk;
            newer_sets := newer_sets || old.item_ids;
        ELSIF inventory_core_internal._bitmap_count(old.kept) = 0 THEN
            DELETE FROM inventory_core_internal.last_seen AS l
            WHERE l.tenant_id = run.tenant_id AND l.selection_hash = into_selection
              AND l.chunk = old.chunk AND l.block = old.block AND l.run_id = old.run_id;
        ELSE
            UPDATE inventory_core_internal.last_seen AS l
            SET item_ids = old.kept
            WHERE l.tenant_id = run.tenant_id AND l.selection_hash = into_selection
              AND l.chunk = old.chunk AND l.block = old.block AND l.run_id = old.run_id;
        END IF;
    END LOOP;
    INSERT INTO inventory_core_internal.last_seen (tenant_id, selection_hash, chunk, block, run_id, item_ids)
    SELECT run.tenant_id, into_selection, s.chunk, c.block, run.run_id, c.item_ids
    FROM (SELECT s.chunk, run.mode = 'delta' AND inventory_core_internal._bitmap_count(s.observed) <= few AS is_cut,
                 -- A run that started later may have been folded before: it keeps the items that it saw.
                 CASE WHEN newer_sets = '{}' THEN s.observed
                      ELSE inventory_core_internal._bitmap_subtract(s.observed, (
                          SELECT inventory_core_internal._bitmap_union(array_agg(n.item_ids))
                          FROM unnest(newer_chunks, newer_sets) AS n (chunk, item_ids)
                          WHERE n.chunk = s.chunk)) END AS item_ids
          FROM unnest(chunks, observed) AS s (chunk, observed)) AS s
    CROSS JOIN LATERAL inventory_core_internal._shaped(s.item_ids, s.is_cut) AS c
    WHERE inventory_core_internal._bitmap_count(c.item_ids) > 0;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._fold_sets(inventory_core_internal.sync_runs, text, integer[], bytea[]) IS
    'The part of _fold for chunks of which no earlier run saw exactly the same items; cost by the sets that have one in common';

-- Mostly a run sees what an earlier run saw: then the set of that run becomes its own, and no bitmap is computed.
CREATE FUNCTION inventory_core_internal._fold(
    run inventory_core_internal.sync_runs, into_selection text, chunks integer[], observed bytea[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- With more chunks, a statement for each would take too long.
    few CONSTANT integer := 4096;
    seen record;
    changed_chunks integer[] := '{}';
    changed_sets bytea[] := '{}';
BEGIN
    IF cardinality(chunks) > few THEN
        PERFORM inventory_core_internal._fold_sets(run, into_selection, chunks, observed);
        RETURN;
    END IF;
    FOR seen IN SELECT o.chunk, o.item_ids FROM unnest(chunks, observed) AS o (chunk, item_ids) LOOP
        UPDATE inventory_core_internal.last_seen AS l
        SET run_id = run.run_id
        WHERE l.tenant_id = run.tenant_id AND l.selection_hash = into_selection AND l.chunk = seen.chunk AND l.block = -1
          AND l.item_ids = seen.item_ids
          AND (SELECT (r.start_no, r.started_at, r.run_id) < (run.start_no, run.started_at, run.run_id)
               FROM inventory_core_internal.sync_runs AS r
               WHERE r.tenant_id = l.tenant_id AND r.run_id = l.run_id);
        IF NOT FOUND THEN
            changed_chunks := changed_chunks || seen.chunk;
            changed_sets := changed_sets || seen.item_ids;
        END IF;
    END LOOP;
    IF changed_chunks <> '{}' THEN
        PERFORM inventory_core_internal._fold_sets(run, into_selection, changed_chunks, changed_sets);
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._fold(inventory_core_internal.sync_runs, text, integer[], bytea[]) IS
    'Moves what a run observed into the disjoint sets of a selection: its own, or * for the tenant; cost by chunks';

CREATE FUNCTION inventory_core_internal._fold_presence(run inventory_core_internal.sync_runs) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO inventory_core_internal.presence AS p (tenant_id, selection_hash, chunk, known_ids, missing_ids)
    SELECT run.tenant_id, run.selection_hash, c.chunk, inventory_core_internal._bitmap_union(ARRAY[k.known_ids, c.added]),
           inventory_core_internal._bitmap_subtract(
               inventory_core_internal._bitmap_union(ARRAY[k.missing_ids, c.missing, c.removed]), c.reappeared)
    FROM (SELECT b.chunk,
                 (array_agg(b.item_ids) FILTER (WHERE b.change = 'added'))[1] AS added,
                 (array_agg(b.item_ids) FILTER (WHERE b.change = 'missing'))[1] AS missing,
                 (array_agg(b.item_ids) FILTER (WHERE b.change = 'removed'))[1] AS removed,
                 (array_agg(b.item_ids) FILTER (WHERE b.change = 'reappeared'))[1] AS reappeared
          FROM inventory_core_internal.run_changes_bitmaps AS b
          WHERE b.tenant_id = run.tenant_id AND b.run_id = run.run_id AND b.change <> 'changed'
          GROUP BY b.chunk) AS c
    LEFT JOIN inventory_core_internal.presence AS k
        ON k.tenant_id = run.tenant_id AND k.selection_hash = run.selection_hash AND k.chunk = c.chunk
    ON CONFLICT ON CONSTRAINT presence_pkey DO UPDATE
    SET known_ids = excluded.known_ids, missing_ids = excluded.missing_ids;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._fold_presence(inventory_core_internal.sync_runs) IS
    'Applies the changes of a run to the known and missing items of its selection';

CREATE FUNCTION inventory_core_internal._fold_into_tenant(tenant text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    folded_run uuid;
    run inventory_core_internal.sync_runs;
    sets record;
BEGIN
    -- One transaction at a time, or the sets would not stay disjoint. No transaction waits for another: reads include the parts
    -- of runs that are not folded yet, and the next run that ends folds them too.
    IF NOT inventory_core_internal._try_lock('fold', '') THEN
        RETURN;
    END IF;
    FOR folded_run IN SELECT DISTINCT p.run_id FROM inventory_core_internal.run_parts AS p WHERE p.tenant_id = tenant LOOP
        SELECT r.* INTO run FROM inventory_core_internal.sync_runs AS r
        WHERE r.tenant_id = tenant AND r.run_id = folded_run AND r.status <> 'running';
        CONTINUE WHEN NOT FOUND;
        SELECT o.* INTO sets FROM inventory_core_internal._observed_sets(tenant, folded_run) AS o;
        PERFORM inventory_core_internal._fold(run, '*', sets.chunks, sets.observed);
        IF run.inserted_count > 0 THEN
            PERFORM inventory_core_internal._fold_types(tenant, run.run_id);
        END IF;
        DELETE FROM inventory_core_internal.run_parts AS p WHERE p.tenant_id = tenant AND p.run_id = run.run_id;
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._fold_into_tenant(text) IS
    'Folds what the completed runs of a tenant observed into the sets of the tenant (*), unless another transaction does so';
