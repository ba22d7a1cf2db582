CREATE FUNCTION inventory_core_internal._fold_sets(
    run inventory_core_internal.sync_runs, into_selection text, chunks integer[], observed bytea[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- A run that started later may have been folded before: it keeps the items that it saw.
    WITH sets AS MATERIALIZED (
        SELECT l.chunk, l.run_id, l.item_ids,
               (SELECT (r.start_no, r.started_at, r.run_id) > (run.start_no, run.started_at, run.run_id)
                FROM inventory_core_internal.sync_runs AS r
                WHERE r.tenant_id = l.tenant_id AND r.run_id = l.run_id) AS is_newer
        FROM inventory_core_internal.last_seen AS l
        WHERE l.tenant_id = run.tenant_id AND l.selection_hash = into_selection AND l.chunk = ANY (chunks)
    ), mine AS MATERIALIZED (
        SELECT o.chunk,
               inventory_core_internal._bitmap_subtract(
                   o.observed,
                   (SELECT inventory_core_internal._bitmap_union(array_agg(n.item_ids))
                    FROM sets AS n WHERE n.chunk = o.chunk AND n.is_newer)) AS item_ids
        FROM unnest(chunks, observed) AS o (chunk, observed)
    ), lost AS MATERIALIZED (
        SELECT s.chunk, s.run_id, inventory_core_internal._bitmap_subtract(s.item_ids, m.item_ids) AS item_ids
        FROM sets AS s
        JOIN mine AS m USING (chunk)
        WHERE NOT s.is_newer
          AND inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_intersect(s.item_ids, m.item_ids)) > 0
    ), emptied AS (
        DELETE FROM inventory_core_internal.last_seen AS l
        USING lost
        WHERE l.tenant_id = run.tenant_id AND l.selection_hash = into_selection
          AND l.chunk = lost.chunk AND l.run_id = lost.run_id
          AND inventory_core_internal._bitmap_count(lost.item_ids) = 0
    ), shrunk AS (
        UPDATE inventory_core_internal.last_seen AS l
        SET item_ids = lost.item_ids
        FROM lost
        WHERE l.tenant_id = run.tenant_id AND l.selection_hash = into_selection
          AND l.chunk = lost.chunk AND l.run_id = lost.run_id
          AND inventory_core_internal._bitmap_count(lost.item_ids) > 0
    )
    INSERT INTO inventory_core_internal.last_seen (tenant_id, selection_hash, chunk, run_id, item_ids)
    SELECT run.tenant_id, into_selection, m.chunk, run.run_id, m.item_ids
    FROM mine AS m
    WHERE inventory_core_internal._bitmap_count(m.item_ids) > 0;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._fold_sets(inventory_core_internal.sync_runs, text, integer[], bytea[]) IS
    'The part of _fold for chunks of which no earlier run saw exactly the same items';

-- Mostly a run sees what an earlier run saw: then the set of that run becomes its own, and no bitmap is computed.
CREATE FUNCTION inventory_core_internal._fold(
    run inventory_core_internal.sync_runs, into_selection text, chunks integer[], observed bytea[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed_chunks integer[] := '{}';
    changed_sets bytea[] := '{}';
BEGIN
    FOR i IN 1 .. coalesce(cardinality(chunks), 0) LOOP
        UPDATE inventory_core_internal.last_seen AS l
        SET run_id = run.run_id
        WHERE l.tenant_id = run.tenant_id AND l.selection_hash = into_selection AND l.chunk = chunks[i]
          AND l.item_ids = observed[i]
          AND (SELECT (r.start_no, r.started_at, r.run_id) < (run.start_no, run.started_at, run.run_id)
               FROM inventory_core_internal.sync_runs AS r
               WHERE r.tenant_id = l.tenant_id AND r.run_id = l.run_id);
        IF NOT FOUND THEN
            changed_chunks := changed_chunks || chunks[i];
            changed_sets := changed_sets || observed[i];
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
               inventory_core_internal._bitmap_union(ARRAY[k.missing_ids, c.missing]), c.reappeared)
    FROM (SELECT b.chunk,
                 (array_agg(b.item_ids) FILTER (WHERE b.change = 'added'))[1] AS added,
                 (array_agg(b.item_ids) FILTER (WHERE b.change = 'missing'))[1] AS missing,
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
