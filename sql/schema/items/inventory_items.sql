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
    'Which runs of a tenant saw which items: the last of the folded runs, and every run that is not folded';

-- PL/pgSQL, so that it is planned once per session: what is inlined into the view is planned with each statement, which
-- costs more than reading an item. Its declared cost is high, so that the planner memoizes the row and calls it once per
-- chunk.
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
    'The runs that saw the items of a chunk, newest first, and for each id the position of the first of them that saw it';

CREATE VIEW inventory_core.inventory_items WITH (security_invoker = true, security_barrier = true) AS
SELECT i.tenant_id, i.item_id, i.policy_type, i.external_id, i.display_name, i.meta, i.first_seen_at, i.updated_at,
       s.started_ats[inventory_core_internal._bitmap_position(s.positions, i.item_id)] AS last_seen_at,
       s.run_ids[inventory_core_internal._bitmap_position(s.positions, i.item_id)] AS last_seen_run_id
FROM inventory_core_internal.items AS i
-- The planner memoizes if it knows that the chunks are few. For a table it knows that only after ANALYZE; before, it
-- called the function once per item (140,000 items: 87 s instead of 0.3 s). For a subquery of one row it always knows.
CROSS JOIN LATERAL (SELECT i.tenant_id, i.chunk OFFSET 0) AS c
-- OFFSET 0 makes it a subquery, which the planner assumes to be expensive each time; of a function it assumes that only
-- the first call is expensive.
LEFT JOIN LATERAL (SELECT f.positions, f.run_ids, f.started_ats
                   FROM inventory_core_internal._seen(c.tenant_id, c.chunk) AS f OFFSET 0) AS s ON true
WHERE (SELECT inventory_core_internal._may_read());
COMMENT ON VIEW inventory_core.inventory_items IS
    'The catalogue of the bound tenant: what was last observed of each item, and when it was first and last seen';
COMMENT ON COLUMN inventory_core.inventory_items.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core.inventory_items.item_id IS 'Number of the item; never reused';
COMMENT ON COLUMN inventory_core.inventory_items.policy_type IS 'What kind of thing it is';
COMMENT ON COLUMN inventory_core.inventory_items.external_id IS 'Its name in the API';
COMMENT ON COLUMN inventory_core.inventory_items.display_name IS 'Its name for people';
COMMENT ON COLUMN inventory_core.inventory_items.meta IS 'What the API said of it, reduced to the whitelisted keys';
COMMENT ON COLUMN inventory_core.inventory_items.first_seen_at IS 'Start of the first run that saw it';
COMMENT ON COLUMN inventory_core.inventory_items.updated_at IS 'When its name or meta was last written';
COMMENT ON COLUMN inventory_core.inventory_items.last_seen_at IS
    'Start of the newest run, of any selection, that saw it: it was seen at or after this time';
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
COMMENT ON FUNCTION inventory_core.inventory_items(text) IS 'The view inventory_items for one tenant, in one statement';
