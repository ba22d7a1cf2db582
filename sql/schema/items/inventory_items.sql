CREATE FUNCTION inventory_core_internal._observations(tenant text)
RETURNS TABLE (chunk integer, item_ids bytea, run_id uuid, start_no bigint, started_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT l.chunk, l.item_ids, r.run_id, r.start_no, r.started_at
    FROM inventory_core_internal.last_seen AS l
    JOIN inventory_core_internal.sync_runs AS r ON r.tenant_id = l.tenant_id AND r.run_id = l.run_id
    WHERE l.tenant_id = _observations.tenant AND l.selection_hash = '*'
    UNION ALL
    SELECT p.chunk, p.item_ids, r.run_id, r.start_no, r.started_at
    FROM inventory_core_internal.run_parts AS p
    JOIN inventory_core_internal.sync_runs AS r ON r.tenant_id = p.tenant_id AND r.run_id = p.run_id
    WHERE p.tenant_id = _observations.tenant;
END;
COMMENT ON FUNCTION inventory_core_internal._observations(text) IS
    'Which runs of a tenant saw which items: of those that are folded the last, and every other';

-- PL/pgSQL, so that its plan is made once a session: what is inlined into the view is planned with each statement,
-- which costs more than reading an item. It costs much, so that the planner memoizes the one row:
-- it is asked once a chunk.
CREATE FUNCTION inventory_core_internal._seen(tenant text, chunk integer)
RETURNS TABLE (positions bytea, run_ids uuid[], started_ats timestamptz[])
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1 COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT inventory_core_internal._bitmap_positions(
               array_agg(o.item_ids ORDER BY o.start_no DESC, o.started_at DESC, o.run_id DESC)),
           array_agg(o.run_id ORDER BY o.start_no DESC, o.started_at DESC, o.run_id DESC),
           array_agg(o.started_at ORDER BY o.start_no DESC, o.started_at DESC, o.run_id DESC)
    FROM inventory_core_internal._observations(_seen.tenant) AS o
    WHERE o.chunk = _seen.chunk;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._seen(text, integer) IS
    'Who saw the items of a chunk: the runs, newest first, and for each id the position of the first that saw it';

CREATE VIEW inventory_core.inventory_items WITH (security_invoker = true, security_barrier = true) AS
SELECT i.tenant_id, i.item_id, i.policy_type, i.external_id, i.display_name, i.meta, i.first_seen_at, i.updated_at,
       s.started_ats[inventory_core_internal._bitmap_position(s.positions, i.item_id)] AS last_seen_at,
       s.run_ids[inventory_core_internal._bitmap_position(s.positions, i.item_id)] AS last_seen_run_id
FROM inventory_core_internal.items AS i
-- It memoizes where it knows that the chunks are few. Of a table it knows that from ANALYZE alone, and asked once an item
-- before that (140,000 items: 87 s, and 0.3 s so); of a subquery of one row it knows it without.
CROSS JOIN LATERAL (SELECT i.tenant_id, i.chunk OFFSET 0) AS c
-- OFFSET 0 makes a subquery of it, which the planner knows to be dear each time; of a function it believes that only the
-- first call is.
LEFT JOIN LATERAL (SELECT f.positions, f.run_ids, f.started_ats
                   FROM inventory_core_internal._seen(c.tenant_id, c.chunk) AS f OFFSET 0) AS s ON true
WHERE (SELECT inventory_core_internal._may_read());
COMMENT ON VIEW inventory_core.inventory_items IS
    'The catalogue of the bound tenant: what was last observed, first and last time';
COMMENT ON COLUMN inventory_core.inventory_items.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core.inventory_items.item_id IS 'Number of the item, never used again';
COMMENT ON COLUMN inventory_core.inventory_items.policy_type IS 'What kind of thing it is';
COMMENT ON COLUMN inventory_core.inventory_items.external_id IS 'Its name in the API';
COMMENT ON COLUMN inventory_core.inventory_items.display_name IS 'Its name for people';
COMMENT ON COLUMN inventory_core.inventory_items.meta IS 'What the whitelist let through of what the API said of it';
COMMENT ON COLUMN inventory_core.inventory_items.first_seen_at IS 'Start of the first run that saw it';
COMMENT ON COLUMN inventory_core.inventory_items.updated_at IS 'When its name or meta was last written';
COMMENT ON COLUMN inventory_core.inventory_items.last_seen_at IS
    'Start of the newest run, of any selection, that saw it: seen at or after';
COMMENT ON COLUMN inventory_core.inventory_items.last_seen_run_id IS 'That run';

CREATE FUNCTION inventory_core.inventory_items(tenant text) RETURNS SETOF inventory_core.inventory_items
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core.set_tenant(tenant);
    RETURN QUERY SELECT v.* FROM inventory_core.inventory_items AS v WHERE v.tenant_id = tenant;
END
$$;
COMMENT ON FUNCTION inventory_core.inventory_items(text) IS 'The view inventory_items, tenant bound, in one statement';
