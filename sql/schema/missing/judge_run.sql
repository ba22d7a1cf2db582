-- What a run that ends is believed, and what follows from it.

-- The types of what the selection did not know before. Each gets a row, so that it is counted from now on.
CREATE FUNCTION inventory_core_internal._add_selection_types(run inventory_core_internal.sync_runs) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    -- Up to so many items are looked up one by one; a tenant may have very many types.
    few CONSTANT bigint := 1000;
    added record;
BEGIN
    SELECT array_agg(b.chunk) AS chunks, sum(inventory_core_internal._bitmap_count(b.item_ids)) AS items INTO added
    FROM inventory_core_internal.run_changes_bitmaps AS b
    WHERE b.tenant_id = run.tenant_id AND b.run_id = run.run_id AND b.change = 'added';
    IF added.items IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO inventory_core_internal.selection_types (tenant_id, selection_hash, policy_type)
    SELECT DISTINCT run.tenant_id, run.selection_hash, t.policy_type
    FROM (SELECT i.policy_type
          FROM inventory_core_internal.run_changes_bitmaps AS b
          CROSS JOIN LATERAL inventory_core_internal._bitmap_ids(b.chunk, b.item_ids) AS id
          CROSS JOIN LATERAL (SELECT i.policy_type FROM inventory_core_internal.items AS i
                              WHERE i.tenant_id = run.tenant_id AND i.item_id = id OFFSET 0) AS i
          WHERE added.items <= few
            AND b.tenant_id = run.tenant_id AND b.run_id = run.run_id AND b.change = 'added'
          UNION ALL
          SELECT s.policy_type
          FROM (SELECT i.chunk, i.policy_type, i.item_ids
                FROM inventory_core_internal.item_types AS i
                WHERE i.tenant_id = run.tenant_id AND i.chunk = ANY (added.chunks)
                UNION ALL
                SELECT p.chunk, p.policy_type, p.item_ids
                FROM inventory_core_internal.run_parts AS p
                WHERE p.tenant_id = run.tenant_id AND p.policy_type <> '' AND p.chunk = ANY (added.chunks)) AS s
          CROSS JOIN LATERAL (SELECT b.item_ids FROM inventory_core_internal.run_changes_bitmaps AS b
                              WHERE b.tenant_id = run.tenant_id AND b.run_id = run.run_id AND b.chunk = s.chunk
                                AND b.change = 'added'
                              OFFSET 0) AS b
          WHERE added.items > few
            AND inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_intersect(b.item_ids, s.item_ids)) > 0)
        AS t
    ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._add_selection_types(inventory_core_internal.sync_runs) IS
    'Adds the policy types of the items that a run added to its selection';

CREATE FUNCTION inventory_core_internal._run_counts_by_type(run inventory_core_internal.sync_runs)
RETURNS TABLE (policy_type text, known bigint, observed bigint, present bigint, reference bigint, last_count bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    chunks integer[] := ARRAY(
        SELECT p.chunk FROM inventory_core_internal.presence AS p
        WHERE p.tenant_id = run.tenant_id AND p.selection_hash = run.selection_hash
        UNION
        SELECT p.chunk FROM inventory_core_internal.run_parts AS p
        WHERE p.tenant_id = run.tenant_id AND p.run_id = run.run_id);
BEGIN
    RETURN QUERY
    WITH sets AS MATERIALIZED (
        -- what is known at the end of the run, what it observed, what was present before it
        SELECT chunk, ARRAY[CASE WHEN p.known_ids IS NULL THEN o.observed
                                 WHEN o.observed IS NULL THEN p.known_ids
                                 ELSE inventory_core_internal._bitmap_union(ARRAY[p.known_ids, o.observed]) END,
                            o.observed,
                            inventory_core_internal._bitmap_subtract(p.known_ids, p.missing_ids)] AS item_ids
        FROM (SELECT p.chunk, p.known_ids, p.missing_ids FROM inventory_core_internal.presence AS p
              WHERE p.tenant_id = run.tenant_id AND p.selection_hash = run.selection_hash) AS p
        FULL JOIN (SELECT o.chunk, o.observed
                   FROM inventory_core_internal._run_sets(run.tenant_id, run.run_id) AS o) AS o USING (chunk)
    ), types AS MATERIALIZED (
        SELECT t.policy_type, t.reference_count, t.last_count, (row_number() OVER ())::integer AS type_no
        FROM inventory_core_internal.selection_types AS t
        WHERE t.tenant_id = run.tenant_id AND t.selection_hash = run.selection_hash AND t.policy_type <> ''
    ), typed AS MATERIALIZED (
        SELECT s.chunk, array_agg(t.type_no) AS type_nos, array_agg(s.item_ids) AS sets
        FROM inventory_core_internal._type_sets(run.tenant_id, run.selection_hash, chunks) AS s
        JOIN types AS t ON t.policy_type = s.policy_type
        GROUP BY s.chunk
    ), counted AS MATERIALIZED (
        SELECT typed.type_nos[c.type_no] AS type_no,
               sum(c.items) FILTER (WHERE c.set_no = 1) AS known,
               sum(c.items) FILTER (WHERE c.set_no = 2) AS observed,
               sum(c.items) FILTER (WHERE c.set_no = 3) AS present
        FROM sets
        JOIN typed ON typed.chunk = sets.chunk
        CROSS JOIN LATERAL inventory_core_internal._count_by_type(typed.sets, sets.item_ids) AS c
        GROUP BY 1
    )
    SELECT t.policy_type, coalesce(c.known, 0)::bigint, coalesce(c.observed, 0)::bigint, coalesce(c.present, 0)::bigint,
           t.reference_count, t.last_count
    FROM types AS t
    LEFT JOIN counted AS c ON c.type_no = t.type_no;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._run_counts_by_type(inventory_core_internal.sync_runs) IS
    'For each policy type of a selection what it knows with a run that ends, what the run observed, what was present before';

-- The guards look at the types that the run would vouch for by what its caller recorded. What the extension adds itself is no
-- hole that the caller knew of: else a type that is forbidden for ever would, by shrinking the total, silence all others.
CREATE FUNCTION inventory_core_internal._add_doubts(
    run inventory_core_internal.sync_runs, status text, observed_in_all bigint, expected_items bigint, accept_shrink boolean,
    policy_types text[], observed bigint[], present bigint[], reference_counts bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    failed_types text[];
    is_unlocated boolean;
    judged record;
    doubts record;
    guard CONSTANT numeric := inventory_core_internal._shrink_guard();
    least_items CONSTANT bigint := inventory_core_internal._shrink_guard_min_items();
BEGIN
    SELECT coalesce(array_agg(DISTINCT e.policy_type) FILTER (WHERE e.policy_type IS NOT NULL), '{}'),
           coalesce(bool_or(e.policy_type IS NULL), false)
    INTO failed_types, is_unlocated
    FROM inventory_core_internal.sync_errors AS e
    WHERE e.tenant_id = run.tenant_id AND e.run_id = run.run_id AND e.by_caller;
    IF is_unlocated OR status = 'partial' AND failed_types = '{}' OR run.policy_types <@ failed_types THEN
        RETURN;
    END IF;
    SELECT sum(t.observed) AS observed, sum(t.present) AS present, sum(t.reference) AS reference,
           array_agg(t.policy_type ORDER BY t.policy_type COLLATE "C")
               FILTER (WHERE t.reference >= least_items AND t.observed < guard * t.reference) AS shrunk_types
    INTO judged
    FROM unnest(policy_types, observed, present, reference_counts) AS t (policy_type, observed, present, reference)
    LEFT JOIN unnest(failed_types) AS f (policy_type) ON f.policy_type = t.policy_type
    LEFT JOIN unnest(run.policy_types) AS c (policy_type) ON c.policy_type = t.policy_type
    WHERE f.policy_type IS NULL AND (run.policy_types IS NULL OR c.policy_type IS NOT NULL);

    INSERT INTO inventory_core_internal.sync_errors (tenant_id, run_id, error_no, error_code, policy_type, recorded_at, by_caller)
    SELECT run.tenant_id, run.run_id, before.error_no + row_number() OVER (ORDER BY d.place, d.policy_type COLLATE "C"),
           d.error_code, d.policy_type, inventory_core_internal._now(), false
    FROM (SELECT 1, 'short_of_expected', NULL::text
          WHERE observed_in_all < expected_items * (1 - inventory_core_internal._expected_tolerance()::numeric)
          UNION ALL
          SELECT 2, 'nothing_observed', NULL
          WHERE judged.present > 0 AND judged.observed = 0 AND expected_items IS DISTINCT FROM 0
          UNION ALL
          SELECT 3, 'shrink_guard', NULL
          WHERE NOT accept_shrink AND judged.reference >= least_items AND judged.observed < guard * judged.reference
          UNION ALL
          SELECT 4, 'shrink_guard', s.policy_type
          FROM unnest(judged.shrunk_types) AS s (policy_type)
          WHERE NOT accept_shrink) AS d (place, error_code, policy_type)
    CROSS JOIN (SELECT coalesce(max(e.error_no), 0) AS error_no FROM inventory_core_internal.sync_errors AS e
                WHERE e.tenant_id = run.tenant_id AND e.run_id = run.run_id) AS before;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._add_doubts(
    inventory_core_internal.sync_runs, text, bigint, bigint, boolean, text[], bigint[], bigint[], bigint[]) IS
    'Adds the errors of the guards to a full run that ends: short_of_expected, nothing_observed, shrink_guard';

CREATE FUNCTION inventory_core_internal._unobserved_sets(run inventory_core_internal.sync_runs)
RETURNS TABLE (chunk integer, item_ids bytea)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT u.chunk, u.item_ids
    FROM (SELECT p.chunk, inventory_core_internal._bitmap_subtract(
                              inventory_core_internal._bitmap_subtract(p.known_ids, p.missing_ids), o.observed) AS item_ids
          FROM inventory_core_internal.presence AS p
          LEFT JOIN inventory_core_internal._run_sets(run.tenant_id, run.run_id) AS o ON o.chunk = p.chunk
          WHERE p.tenant_id = run.tenant_id AND p.selection_hash = run.selection_hash) AS u
    WHERE inventory_core_internal._bitmap_count(u.item_ids) > 0;
END;
COMMENT ON FUNCTION inventory_core_internal._unobserved_sets(inventory_core_internal.sync_runs) IS
    'What was present in a selection and is not among what a run observed';

CREATE FUNCTION inventory_core_internal._add_missing(run inventory_core_internal.sync_runs, failed_types text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = off
SET jit = off
AS $$
DECLARE
    is_for_all boolean := run.policy_types IS NULL;
    -- the types that are left out, or the only ones, of a run that was started for some
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
    'Tells what is missing from a run that can be believed, and was not told before: items of the types that it vouches for';

CREATE FUNCTION inventory_core_internal._judge_types(
    run inventory_core_internal.sync_runs, status text, policy_types text[], known bigint[], observed bigint[],
    reference_counts bigint[], last_counts bigint[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    errors record;
    is_believed boolean;            -- so far as no error names the type
    is_reference boolean;           -- likewise, without the errors of the shrink guard
    excepted text[];                -- covered or vouched for unlike other types
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
    is_believed := NOT errors.untyped AND (status = 'success' OR status = 'partial' AND errors.located);
    is_reference := NOT errors.really_untyped AND (status = 'success' OR status = 'partial' AND errors.located);

    IF is_believed THEN
        PERFORM inventory_core_internal._add_missing(run, errors.types);
    END IF;

    WITH counted AS MATERIALIZED (
        SELECT t.policy_type, t.is_covered, t.observed, t.last_count,
               -- of a type that it does not cover, a run counts what it saw and leaves the rest
               CASE WHEN is_reference AND t.is_covered AND r.policy_type IS NULL THEN t.observed ELSE t.reference END AS new_reference,
               CASE WHEN NOT t.is_covered AND t.observed = 0 THEN t.last_count
                    WHEN t.known > 0 THEN t.observed END AS new_count,
               t.reference
        FROM (SELECT t.policy_type, t.known, t.observed, t.reference, t.last_count,
                     run.policy_types IS NULL OR c.policy_type IS NOT NULL AS is_covered
              FROM unnest(policy_types, known, observed, reference_counts, last_counts)
                       AS t (policy_type, known, observed, reference, last_count)
              LEFT JOIN unnest(run.policy_types) AS c (policy_type) ON c.policy_type = t.policy_type) AS t
        LEFT JOIN unnest(errors.real_types) AS r (policy_type) ON r.policy_type = t.policy_type
    ), logged AS (
        INSERT INTO inventory_core_internal.type_counts (tenant_id, selection_hash, policy_type, run_seq, observed)
        SELECT run.tenant_id, run.selection_hash, c.policy_type, run.run_seq, c.new_count
        FROM counted AS c
        WHERE CASE WHEN c.is_covered THEN c.new_count IS DISTINCT FROM c.last_count ELSE c.observed > 0 END
    )
    INSERT INTO inventory_core_internal.selection_types AS t
        (tenant_id, selection_hash, policy_type, covering_runs, vouching_runs, reference_count, last_count)
    SELECT run.tenant_id, run.selection_hash, n.policy_type,
           CASE WHEN bool_or(n.is_covering) THEN inventory_core_internal._runs_add(NULL, run.run_seq) END,
           CASE WHEN bool_or(n.is_vouching) THEN inventory_core_internal._runs_add(NULL, run.run_seq) END,
           max(n.reference), max(n.count)
    FROM (-- the runs that count for every type
          SELECT '' AS policy_type, true AS is_covering, is_believed AS is_vouching, NULL::bigint AS reference, NULL::bigint AS count,
                 true AS is_written
          WHERE run.policy_types IS NULL
          UNION ALL
          -- exceptions from these: types that are not vouched for ...
          SELECT e.policy_type, false, true, NULL, NULL, true
          FROM unnest(errors.types) AS e (policy_type)
          WHERE run.policy_types IS NULL AND is_believed
          UNION ALL
          -- ... and what a run that was started for some types covers and vouches for
          SELECT c.policy_type, true, is_believed AND e.policy_type IS NULL, NULL, NULL, true
          FROM unnest(run.policy_types) AS c (policy_type)
          LEFT JOIN unnest(errors.types) AS e (policy_type) ON e.policy_type = c.policy_type
          UNION ALL
          SELECT c.policy_type, false, false, c.new_reference, c.new_count,
                 c.new_reference IS DISTINCT FROM c.reference OR c.new_count IS DISTINCT FROM c.last_count
          FROM counted AS c) AS n
    GROUP BY n.policy_type
    HAVING bool_or(n.is_written)
    ON CONFLICT ON CONSTRAINT selection_types_pkey DO UPDATE
    SET covering_runs = CASE WHEN excluded.covering_runs IS NULL THEN t.covering_runs
                             ELSE inventory_core_internal._runs_add(t.covering_runs, run.run_seq) END,
        vouching_runs = CASE WHEN excluded.vouching_runs IS NULL THEN t.vouching_runs
                             ELSE inventory_core_internal._runs_add(t.vouching_runs, run.run_seq) END,
        reference_count = excluded.reference_count,
        last_count = excluded.last_count;
    RETURN errors.some;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._judge_types(
    inventory_core_internal.sync_runs, text, text[], bigint[], bigint[], bigint[], bigint[]) IS
    'Records which types a full run that ends covers and vouches for, and its counts; says whether it had errors';
