CREATE FUNCTION inventory_core_internal._running_sets(tenant text, selection_hash text)
RETURNS TABLE (chunk integer, item_ids bytea)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.chunk,
           inventory_core_internal._bitmap_subtract(
               inventory_core_internal._bitmap_union(array_agg(p.item_ids)),
               (SELECT d.item_ids
                FROM inventory_core_internal._removed_by(_running_sets.tenant, _running_sets.selection_hash, r.run_seq, r.run_id) AS d
                WHERE d.chunk = p.chunk))
    FROM inventory_core_internal.sync_runs AS r
    CROSS JOIN LATERAL (SELECT p.chunk, p.item_ids FROM inventory_core_internal.run_parts AS p
                        WHERE p.tenant_id = r.tenant_id AND p.run_id = r.run_id OFFSET 0) AS p
    WHERE r.tenant_id = _running_sets.tenant
      AND r.selection_hash = _running_sets.selection_hash
      AND r.status = 'running'
    GROUP BY p.chunk, r.run_seq, r.run_id;
END;
COMMENT ON FUNCTION inventory_core_internal._running_sets(text, text) IS
    'What the running run of a selection has observed so far and not removed later';

CREATE FUNCTION inventory_core_internal._old_sets(tenant text, selection_hash text, before_seq bigint)
RETURNS TABLE (chunk integer, run_seq bigint, item_ids bytea)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT l.chunk, r.run_seq,
           CASE WHEN o.item_ids IS NULL AND d.item_ids IS NULL THEN l.item_ids
                ELSE inventory_core_internal._bitmap_subtract(
                    l.item_ids, inventory_core_internal._bitmap_union(ARRAY[o.item_ids, d.item_ids])) END
    FROM inventory_core_internal.last_seen AS l
    JOIN inventory_core_internal.sync_runs AS r ON r.tenant_id = l.tenant_id AND r.run_id = l.run_id
    LEFT JOIN inventory_core_internal._running_sets(_old_sets.tenant, _old_sets.selection_hash) AS o
        ON o.chunk = l.chunk
    LEFT JOIN (SELECT d.chunk, inventory_core_internal._bitmap_union(array_agg(d.item_ids)) AS item_ids
               FROM inventory_core_internal.removed_items AS d
               WHERE d.tenant_id = _old_sets.tenant AND d.selection_hash = _old_sets.selection_hash
               GROUP BY d.chunk) AS d ON d.chunk = l.chunk
    WHERE l.tenant_id = _old_sets.tenant
      AND l.selection_hash = _old_sets.selection_hash
      AND r.run_seq < _old_sets.before_seq;
END;
COMMENT ON FUNCTION inventory_core_internal._old_sets(text, text, bigint) IS
    'The items that no run from the given one on observed, nor the running run, by the run that last saw them; not the removed';

CREATE FUNCTION inventory_core_internal._removed_sets(tenant text, selection_hash text)
RETURNS TABLE (chunk integer, run_seq bigint, first_removed bigint, last_removed bigint, item_ids bytea)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT d.chunk, l.seqs[s.type_no], d.first_seqs[s.set_no], d.last_seqs[s.set_no], s.item_ids
    FROM (SELECT d.chunk, array_agg(d.first_seq) AS first_seqs, array_agg(d.last_seq) AS last_seqs,
                 array_agg(inventory_core_internal._bitmap_subtract(d.item_ids, o.item_ids)) AS sets
          FROM inventory_core_internal.removed_items AS d
          LEFT JOIN inventory_core_internal._running_sets(_removed_sets.tenant, _removed_sets.selection_hash) AS o
              ON o.chunk = d.chunk
          WHERE d.tenant_id = _removed_sets.tenant AND d.selection_hash = _removed_sets.selection_hash
          GROUP BY d.chunk) AS d
    CROSS JOIN LATERAL (SELECT array_agg(r.run_seq) AS seqs, array_agg(l.item_ids) AS sets
                        FROM inventory_core_internal.last_seen AS l
                        JOIN inventory_core_internal.sync_runs AS r ON r.tenant_id = l.tenant_id AND r.run_id = l.run_id
                        WHERE l.tenant_id = _removed_sets.tenant AND l.selection_hash = _removed_sets.selection_hash
                          AND l.chunk = d.chunk) AS l
    -- it splits by any disjoint sets
    CROSS JOIN LATERAL inventory_core_internal._split_by_type(l.sets, d.sets) AS s;
END;
COMMENT ON FUNCTION inventory_core_internal._removed_sets(text, text) IS
    'The items that were removed since they were last observed, by the run that last saw them and the runs that removed them';

CREATE FUNCTION inventory_core_internal._run_started_at(tenant text, selection_hash text, run_seq bigint) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found_at timestamptz;
BEGIN
    SELECT r.started_at INTO found_at FROM inventory_core_internal.sync_runs AS r
    WHERE r.tenant_id = tenant AND r.selection_hash = _run_started_at.selection_hash AND r.run_seq = _run_started_at.run_seq;
    IF NOT FOUND THEN
        SELECT p.started_at INTO found_at FROM inventory_core_internal.pruned_runs AS p
        WHERE p.tenant_id = tenant AND p.selection_hash = _run_started_at.selection_hash AND p.run_seq = _run_started_at.run_seq;
    END IF;
    RETURN found_at;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._run_started_at(text, text, bigint) IS
    'When a run of a selection started, pruned or not';

-- The one place where missing is decided. Nested loops are off as in _type_baselines.
CREATE FUNCTION inventory_core_internal._missing_sets(tenant text, selection_hash text, baseline text)
RETURNS TABLE (policy_type text, chunk integer, run_seq bigint, item_ids bytea, first_removed bigint, last_removed bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    newest bigint := (SELECT max(j.baseline_seq)
                      FROM inventory_core_internal._judging_runs(tenant, _missing_sets.selection_hash, _missing_sets.baseline) AS j);
    chunks integer[];
BEGIN
    SELECT array_agg(o.chunk) INTO chunks
    FROM (SELECT o.chunk FROM inventory_core_internal._old_sets(tenant, _missing_sets.selection_hash, newest) AS o
          UNION
          SELECT d.chunk FROM inventory_core_internal.removed_items AS d
          WHERE d.tenant_id = tenant AND d.selection_hash = _missing_sets.selection_hash) AS o;
    IF chunks IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH types AS MATERIALIZED (
        SELECT (row_number() OVER ())::integer AS type_no, j.policy_type, j.baseline_seq
        FROM inventory_core_internal._judging_runs(tenant, _missing_sets.selection_hash, _missing_sets.baseline) AS j
        WHERE j.policy_type <> ''
    ), old AS MATERIALIZED (
        SELECT o.chunk, array_agg(o.run_seq) AS seqs, array_agg(o.item_ids) AS sets,
               array_agg(o.first_removed) AS first_removed, array_agg(o.last_removed) AS last_removed
        FROM (SELECT o.chunk, o.run_seq, o.item_ids, NULL::bigint AS first_removed, NULL::bigint AS last_removed
              FROM inventory_core_internal._old_sets(tenant, _missing_sets.selection_hash, newest) AS o
              UNION ALL
              SELECT d.chunk, d.run_seq, d.item_ids, d.first_removed, d.last_removed
              FROM inventory_core_internal._removed_sets(tenant, _missing_sets.selection_hash) AS d) AS o
        GROUP BY o.chunk
    ), typed AS MATERIALIZED (
        SELECT s.chunk, array_agg(t.type_no) AS type_nos, array_agg(s.item_ids) AS sets
        FROM inventory_core_internal._type_sets(tenant, _missing_sets.selection_hash, chunks) AS s
        JOIN types AS t ON t.policy_type = s.policy_type
        GROUP BY s.chunk
    ), split AS MATERIALIZED (
        SELECT typed.type_nos[s.type_no] AS type_no, old.chunk, old.seqs[s.set_no] AS run_seq, s.item_ids,
               old.first_removed[s.set_no] AS first_removed, old.last_removed[s.set_no] AS last_removed
        FROM old
        JOIN typed ON typed.chunk = old.chunk
        CROSS JOIN LATERAL inventory_core_internal._split_by_type(typed.sets, old.sets) AS s
    )
    SELECT t.policy_type, s.chunk, s.run_seq, s.item_ids, s.first_removed, s.last_removed
    FROM split AS s
    JOIN types AS t ON t.type_no = s.type_no
    WHERE s.run_seq < t.baseline_seq OR s.last_removed IS NOT NULL;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._missing_sets(text, text, text) IS
    'The missing items of a selection, by type, chunk, the run that last saw them, and the first and last run that removed them';
