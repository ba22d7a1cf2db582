-- STABLE, so that everything is read in one snapshot: prune_runs cannot take a run away between two statements.
CREATE FUNCTION inventory_core_internal._changes_since(tenant text, after text, max_changes integer)
RETURNS TABLE (change_id text, run_id uuid, selection_hash text, changed_at timestamptz, change text, item_id bigint,
               policy_type text, external_id text, display_name text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    entries_at_once CONSTANT integer := 100;
    feed_no_from bigint;
    change_no_from integer;
    item_id_from bigint;
    entries_read integer;
    entry record;
    part record;
    ids bigint[];
    at_most integer;
    rows_left integer := max_changes;
    rows_told integer;
BEGIN
    SELECT a.feed_no, a.change_no, a.item_id INTO feed_no_from, change_no_from, item_id_from
    FROM inventory_core_internal._read_change_id(tenant, after) AS a;
    LOOP
        entries_read := 0;
        FOR entry IN
            SELECT e.feed_no, e.entry_id, e.event, e.external_id, coalesce(e.changed_at, r.finished_at) AS changed_at, r.run_id,
                   CASE WHEN e.event IS NULL THEN r.selection_hash ELSE e.selection_hash END AS selection_hash
            FROM inventory_core_internal.feed_entries AS e
            LEFT JOIN LATERAL (SELECT r.run_id, r.finished_at, r.selection_hash FROM inventory_core_internal.sync_runs AS r
                               WHERE e.event IS NULL AND r.tenant_id = tenant AND r.run_id = e.entry_id
                               OFFSET 0) AS r ON true
            WHERE e.tenant_id = tenant AND e.feed_no >= feed_no_from
            ORDER BY e.feed_no
            LIMIT entries_at_once
        LOOP
            entries_read := entries_read + 1;
            IF entry.feed_no > feed_no_from THEN
                feed_no_from := entry.feed_no;
                change_no_from := 0;
                item_id_from := 0;
            END IF;
            -- an event that names no item is one row
            IF entry.event IN ('replaced', 'forgotten') AND change_no_from = 0
               AND NOT EXISTS (SELECT FROM inventory_core_internal.feed_items AS f
                               WHERE f.tenant_id = tenant AND f.feed_no = entry.feed_no) THEN
                RETURN QUERY
                SELECT inventory_core_internal._change_id(entry.feed_no, entry.entry_id, 1, 0), NULL::uuid, entry.selection_hash,
                       entry.changed_at, entry.event, NULL::bigint, NULL::text, entry.external_id, NULL::text;
                rows_left := rows_left - 1;
                IF rows_left = 0 THEN
                    RETURN;
                END IF;
            END IF;
            FOR part IN
                SELECT p.change_no, p.chunk
                FROM (SELECT DISTINCT CASE b.change WHEN 'removed' THEN 4
                                                    ELSE array_position(inventory_core_internal._changes(), b.change) END AS change_no,
                             b.chunk
                      FROM inventory_core_internal.run_changes_bitmaps AS b
                      WHERE b.tenant_id = tenant AND b.run_id = entry.run_id
                      UNION ALL
                      SELECT 1, f.chunk
                      FROM inventory_core_internal.feed_items AS f
                      WHERE f.tenant_id = tenant AND f.feed_no = entry.feed_no AND entry.event IS NOT NULL) AS p
                WHERE (p.change_no, p.chunk) >= (change_no_from, (item_id_from >> 16)::integer)
                ORDER BY p.change_no, p.chunk
            LOOP
                IF part.change_no > change_no_from THEN
                    change_no_from := part.change_no;
                    item_id_from := 0;
                END IF;
                LOOP
                    at_most := rows_left;
                    ids := ARRAY(
                        SELECT id
                        FROM (SELECT b.item_ids FROM inventory_core_internal.run_changes_bitmaps AS b
                              WHERE b.tenant_id = tenant AND b.run_id = entry.run_id AND b.chunk = part.chunk
                                AND CASE b.change WHEN 'removed' THEN 'missing' ELSE b.change END
                                    = (inventory_core_internal._changes())[part.change_no]
                              UNION ALL
                              SELECT f.item_ids FROM inventory_core_internal.feed_items AS f
                              WHERE f.tenant_id = tenant AND f.feed_no = entry.feed_no AND f.chunk = part.chunk
                                AND entry.event IS NOT NULL) AS s
                        CROSS JOIN LATERAL inventory_core_internal._bitmap_page(
                            part.chunk, s.item_ids, item_id_from, at_most) AS id
                        ORDER BY id
                        LIMIT at_most);
                    RETURN QUERY
                    SELECT inventory_core_internal._change_id(entry.feed_no, entry.entry_id, part.change_no, id), entry.run_id,
                           entry.selection_hash, entry.changed_at,
                           coalesce(entry.event, (inventory_core_internal._changes())[part.change_no]), id,
                           i.policy_type, i.external_id, i.display_name
                    FROM unnest(ids) AS id
                    LEFT JOIN LATERAL (SELECT i.policy_type, i.external_id, i.display_name
                                       FROM inventory_core_internal.items AS i
                                       WHERE i.tenant_id = tenant AND i.item_id = id
                                       OFFSET 0) AS i ON true
                    -- of an item that was forgotten since, only that is told
                    WHERE i.external_id IS NOT NULL OR entry.event = 'forgotten'
                    ORDER BY id;
                    GET DIAGNOSTICS rows_told = ROW_COUNT;
                    rows_left := rows_left - rows_told;
                    IF rows_left = 0 THEN
                        RETURN;
                    END IF;
                    EXIT WHEN cardinality(ids) < at_most;
                    item_id_from := ids[at_most];
                END LOOP;
            END LOOP;
            -- the next entry
            feed_no_from := entry.feed_no + 1;
            change_no_from := 0;
            item_id_from := 0;
        END LOOP;
        EXIT WHEN entries_read < entries_at_once;
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._changes_since(text, text, integer) IS
    'The numbered changes after a change_id, at most so many, in one snapshot';

CREATE FUNCTION inventory_core.changes_since(tenant text, after text DEFAULT NULL, max_changes integer DEFAULT 10000)
RETURNS TABLE (change_id text, run_id uuid, selection_hash text, changed_at timestamptz, change text, item_id bigint,
               policy_type text, external_id text, display_name text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM inventory_core.set_tenant(tenant);
    PERFORM inventory_core_internal._require('max_changes', max_changes IS NOT NULL);
    IF max_changes < 1 THEN
        RAISE EXCEPTION 'invalid argument of changes_since'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('Argument max_changes: it is %s.', max_changes),
                  HINT = 'max_changes is a count of rows, at least 1.';
    END IF;
    -- Locks before the snapshot that shows what waits; if they are not free, what is numbered is told.
    IF inventory_core_internal._can_write()
       AND EXISTS (SELECT FROM inventory_core_internal.feed_waiting AS w WHERE w.tenant_id = tenant)
       AND inventory_core_internal._try_lock_shared('tenant', '') AND inventory_core_internal._try_lock_shared('items', '') THEN
        PERFORM inventory_core_internal._try_number_waiting(tenant);
    END IF;
    RETURN QUERY
    SELECT c.* FROM inventory_core_internal._changes_since(tenant, after, max_changes) AS c;
END
$$;
COMMENT ON FUNCTION inventory_core.changes_since(text, text, integer) IS
    'The changes of a tenant after a change_id, each told once, in an order that no late commit changes';

CREATE FUNCTION inventory_core.feed_end(tenant text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core.set_tenant(tenant);
    RETURN (SELECT inventory_core_internal._change_id(f.last_no, f.last_entry, 9, 0)
            FROM inventory_core_internal.feeds AS f
            WHERE f.tenant_id = tenant);
END
$$;
COMMENT ON FUNCTION inventory_core.feed_end(text) IS
    'The change_id after which changes_since has nothing to tell now; NULL if it never had';
