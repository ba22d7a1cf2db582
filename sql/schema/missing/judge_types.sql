-- For which types an ending run vouches, and what follows: missing items, counts, baselines.

CREATE FUNCTION inventory_core_internal._unobserved_sets(run inventory_core_internal.sync_runs)
RETURNS TABLE (chunk integer, item_ids bytea)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT u.chunk, u.item_ids
    FROM (SELECT p.chunk, inventory_core_internal._bitmap_subtract(
                              inventory_core_internal._bitmap_subtract(p.known_ids, p.missing_ids),
                              inventory_core_internal._bitmap_union(ARRAY[o.observed, d.item_ids])) AS item_ids
          FROM inventory_core_internal.presence AS p
          LEFT JOIN inventory_core_internal._run_sets(run.tenant_id, run.run_id) AS o ON o.chunk = p.chunk
          LEFT JOIN inventory_core_internal.run_changes_bitmaps AS d
              ON d.tenant_id = run.tenant_id AND d.run_id = run.run_id AND d.chunk = p.chunk AND d.change = 'removed'
          WHERE p.tenant_id = run.tenant_id AND p.selection_hash = run.selection_hash) AS u
    WHERE inventory_core_internal._bitmap_count(u.item_ids) > 0;
END;
COMMENT ON FUNCTION inventory_core_internal._unobserved_sets(inventory_core_internal.sync_runs) IS
    'Items that were present in a selection and that a run neither observed nor removed';

-- What a run changed, by type: everything else that it observed was present before. So an unchanged run of any size is judged
-- by stored counts.
CREATE FUNCTION inventory_core_internal._changes_by_type(run inventory_core_internal.sync_runs)
RETURNS TABLE (policy_type text, added bigint, reappeared bigint, unobserved bigint, removed bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    -- Up to this many items are looked up one by one; a tenant may have very many types.
    few CONSTANT bigint := 1000;
    chunks integer[];
    kinds integer[];
    sets bytea[];
    items bigint;
BEGIN
    SELECT array_agg(c.chunk), array_agg(c.kind), array_agg(c.item_ids),
           coalesce(sum(inventory_core_internal._bitmap_count(c.item_ids)), 0)
    INTO chunks, kinds, sets, items
    FROM (SELECT b.chunk, CASE b.change WHEN 'added' THEN 1 WHEN 'reappeared' THEN 2 ELSE 4 END AS kind, b.item_ids
          FROM inventory_core_internal.run_changes_bitmaps AS b
          WHERE b.tenant_id = run.tenant_id AND b.run_id = run.run_id AND b.change IN ('added', 'reappeared', 'removed')
          UNION ALL
          SELECT u.chunk, 3, u.item_ids FROM inventory_core_internal._unobserved_sets(run) AS u
          WHERE run.mode = 'full') AS c;
    IF items = 0 THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH type_sets AS MATERIALIZED (
        SELECT s.chunk, s.policy_type, s.item_ids
        FROM inventory_core_internal._type_sets(
            run.tenant_id, NULL, CASE WHEN items > few THEN ARRAY(SELECT DISTINCT unnest(chunks)) END) AS s
    ), types AS MATERIALIZED (
        SELECT (row_number() OVER ())::integer AS type_no, s.policy_type
        FROM (SELECT DISTINCT s.policy_type FROM type_sets AS s) AS s
    ), typed AS MATERIALIZED (
        SELECT s.chunk, array_agg(t.type_no) AS type_nos, array_agg(s.item_ids) AS sets
        FROM type_sets AS s
        JOIN types AS t ON t.policy_type = s.policy_type
        GROUP BY s.chunk
    ), changed AS MATERIALIZED (
        SELECT c.chunk, array_agg(c.kind) AS kinds, array_agg(c.item_ids) AS sets
        FROM unnest(chunks, kinds, sets) AS c (chunk, kind, item_ids)
        GROUP BY c.chunk
    ), counted AS MATERIALIZED (
        SELECT i.policy_type, c.kind, count(*) AS items
        FROM unnest(chunks, kinds, sets) AS c (chunk, kind, item_ids)
        CROSS JOIN LATERAL inventory_core_internal._bitmap_ids(c.chunk, c.item_ids) AS id
        CROSS JOIN LATERAL (SELECT i.policy_type FROM inventory_core_internal.items AS i
                            WHERE i.tenant_id = run.tenant_id AND i.item_id = id OFFSET 0) AS i
        WHERE items <= few
        GROUP BY i.policy_type, c.kind
        UNION ALL
        SELECT t.policy_type, m.kind, m.items
        FROM (SELECT typed.type_nos[c.type_no] AS type_no, changed.kinds[c.set_no] AS kind, c.items
              FROM changed
              JOIN typed ON typed.chunk = changed.chunk
              CROSS JOIN LATERAL inventory_core_internal._count_by_type(typed.sets, changed.sets) AS c) AS m
        JOIN types AS t ON t.type_no = m.type_no
    )
    SELECT c.policy_type,
           coalesce(sum(c.items) FILTER (WHERE c.kind = 1), 0)::bigint,
           coalesce(sum(c.items) FILTER (WHERE c.kind = 2), 0)::bigint,
           coalesce(sum(c.items) FILTER (WHERE c.kind = 3), 0)::bigint,
           coalesce(sum(c.items) FILTER (WHERE c.kind = 4), 0)::bigint
    FROM counted AS c
    GROUP BY c.policy_type;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._changes_by_type(inventory_core_internal.sync_runs) IS
    'For each policy type, how many items an ending run added to its selection, saw again, did not observe, and removed';

CREATE FUNCTION inventory_core_internal._add_missing(run inventory_core_internal.sync_runs, failed_types text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_for_all boolean := run.policy_types IS NULL;
    -- of a run for every type, the types to leave out; else the only types
    types text[] := CASE WHEN is_for_all THEN failed_types
                         ELSE ARRAY(SELECT unnest(run.policy_types) EXCEPT SELECT unnest(failed_types)) END;
    chunks integer[];
BEGIN
    SELECT array_agg(m.chunk) INTO chunks FROM inventory_core_internal._unobserved_sets(run) AS m;
    IF chunks IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO inventory_core_internal.run_changes_bitmaps (tenant_id, run_id, chunk, change, item_ids)
    SELECT run.tenant_id, run.run_id, m.chunk, 'missing', m.item_ids
    FROM (SELECT u.chunk,
                 CASE WHEN NOT is_for_all THEN inventory_core_internal._bitmap_intersect(u.item_ids, t.item_ids)
                      WHEN t.item_ids IS NULL THEN u.item_ids
                      ELSE inventory_core_internal._bitmap_subtract(u.item_ids, t.item_ids) END AS item_ids
          FROM inventory_core_internal._unobserved_sets(run) AS u
          LEFT JOIN (SELECT s.chunk, inventory_core_internal._bitmap_union(array_agg(s.item_ids)) AS item_ids
                     FROM inventory_core_internal._type_sets(
                         run.tenant_id, run.selection_hash, CASE WHEN types = '{}' THEN '{}' ELSE chunks END) AS s
                     JOIN unnest(types) AS t (policy_type) ON t.policy_type = s.policy_type
                     GROUP BY s.chunk) AS t ON t.chunk = u.chunk) AS m
    WHERE inventory_core_internal._bitmap_count(m.item_ids) > 0;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._add_missing(inventory_core_internal.sync_runs, text[]) IS
    'Stores as missing what a run did not observe of the types that it vouches for and was not stored as missing before';

CREATE FUNCTION inventory_core_internal._judge_types(
    run inventory_core_internal.sync_runs, status text, policy_types text[], unobserved bigint[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    errors record;
    may_vouch boolean;              -- except types that an error names
    is_reference boolean;           -- likewise, ignoring the errors of the shrink guard
BEGIN
    SELECT count(*) > 0 AS some,
           coalesce(bool_or(e.policy_type IS NULL), false) AS untyped,
           coalesce(bool_or(e.policy_type IS NULL AND (e.by_caller OR e.error_code <> 'shrink_guard')), false) AS really_untyped,
           coalesce(bool_or(e.by_caller AND e.policy_type IS NOT NULL), false) AS located,
           coalesce(array_agg(DISTINCT e.policy_type) FILTER (WHERE e.policy_type IS NOT NULL), '{}') AS types,
           coalesce(array_agg(DISTINCT e.policy_type)
                    FILTER (WHERE e.policy_type IS NOT NULL AND (e.by_caller OR e.error_code <> 'shrink_guard')), '{}') AS real_types
    INTO errors
    FROM inventory_core_internal.sync_errors AS e
    WHERE e.tenant_id = run.tenant_id AND e.run_id = run.run_id;
    may_vouch := NOT errors.untyped AND (status = 'success' OR status = 'partial' AND errors.located);
    is_reference := NOT errors.really_untyped AND (status = 'success' OR status = 'partial' AND errors.located);

    IF may_vouch AND policy_types IS NOT NULL THEN
        PERFORM inventory_core_internal._add_missing(run, errors.types);
    END IF;

    WITH counted AS MATERIALIZED (
        SELECT t.policy_type, t.is_covered, t.observed, t.known_count, t.present_count, t.reference_count, t.last_count,
               t.present_count - CASE WHEN may_vouch AND t.is_covered AND NOT t.has_error THEN t.unobserved ELSE 0 END AS new_present,
               CASE WHEN is_reference AND t.is_covered AND NOT t.has_real_error THEN t.observed ELSE t.reference_count END AS new_reference,
               -- of a type that it does not cover, a run counts what it saw
               CASE WHEN NOT t.is_covered AND t.observed = 0 THEN t.last_count
                    WHEN t.known_count > 0 THEN t.observed END AS new_count
        FROM (SELECT t.policy_type, t.known_count, t.present_count, t.reference_count, t.last_count,
                     coalesce(u.unobserved, 0) AS unobserved,
                     t.present_count - coalesce(u.unobserved, 0) AS observed,
                     run.policy_types IS NULL OR t.policy_type IN (SELECT unnest(run.policy_types)) AS is_covered,
                     t.policy_type IN (SELECT unnest(errors.types)) AS has_error,
                     t.policy_type IN (SELECT unnest(errors.real_types)) AS has_real_error
              FROM inventory_core_internal.selection_types AS t
              LEFT JOIN unnest(policy_types, unobserved) AS u (policy_type, unobserved) ON u.policy_type = t.policy_type
              WHERE t.tenant_id = run.tenant_id AND t.selection_hash = run.selection_hash AND t.policy_type <> '') AS t
    ), logged AS (
        INSERT INTO inventory_core_internal.type_counts (tenant_id, selection_hash, policy_type, run_seq, observed)
        SELECT run.tenant_id, run.selection_hash, c.policy_type, run.run_seq, c.new_count
        FROM counted AS c
        WHERE CASE WHEN c.is_covered THEN c.new_count IS DISTINCT FROM c.last_count ELSE c.observed > 0 END
    )
    INSERT INTO inventory_core_internal.selection_types AS t
        (tenant_id, selection_hash, policy_type, covering_runs, vouching_runs, known_count, present_count, reference_count, last_count)
    SELECT run.tenant_id, run.selection_hash, n.policy_type,
           CASE WHEN bool_or(n.is_covering) THEN inventory_core_internal._runs_add(NULL, run.run_seq) END,
           CASE WHEN bool_or(n.is_vouching) THEN inventory_core_internal._runs_add(NULL, run.run_seq) END,
           coalesce(max(n.known), 0), coalesce(max(n.present), 0), max(n.reference), max(n.count)
    FROM (-- the runs that count for every type
          SELECT '' AS policy_type, true AS is_covering, may_vouch AS is_vouching, NULL::bigint AS known, NULL::bigint AS present,
                 NULL::bigint AS reference, NULL::bigint AS count, true AS is_written
          WHERE run.policy_types IS NULL
          UNION ALL
          -- exceptions: types that the run does not vouch for ...
          SELECT e.policy_type, false, true, NULL, NULL, NULL, NULL, true
          FROM unnest(errors.types) AS e (policy_type)
          WHERE run.policy_types IS NULL AND may_vouch
          UNION ALL
          -- ... and the types that a run with policy_types covers and vouches for
          SELECT c.policy_type, true, may_vouch AND c.policy_type NOT IN (SELECT unnest(errors.types)), NULL, NULL, NULL, NULL, true
          FROM unnest(run.policy_types) AS c (policy_type)
          UNION ALL
          SELECT c.policy_type, false, false, c.known_count, c.new_present, c.new_reference, c.new_count,
                 c.new_present <> c.present_count OR c.new_reference IS DISTINCT FROM c.reference_count
                 OR c.new_count IS DISTINCT FROM c.last_count
          FROM counted AS c) AS n
    GROUP BY n.policy_type
    HAVING bool_or(n.is_written)
    ON CONFLICT ON CONSTRAINT selection_types_pkey DO UPDATE
    SET covering_runs = CASE WHEN excluded.covering_runs IS NULL THEN t.covering_runs
                             ELSE inventory_core_internal._runs_add(t.covering_runs, run.run_seq) END,
        vouching_runs = CASE WHEN excluded.vouching_runs IS NULL THEN t.vouching_runs
                             ELSE inventory_core_internal._runs_add(t.vouching_runs, run.run_seq) END,
        present_count = excluded.present_count,
        reference_count = excluded.reference_count,
        last_count = excluded.last_count;
    RETURN errors.some;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._judge_types(inventory_core_internal.sync_runs, text, text[], bigint[]) IS
    'Stores which types an ending full run covers and vouches for, and its counts; returns whether it had errors';
