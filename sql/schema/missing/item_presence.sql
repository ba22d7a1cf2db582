CREATE FUNCTION inventory_core_internal._sightings_of(tenant text, item_id bigint)
RETURNS TABLE (selection_hash text, selection jsonb, start_no bigint, started_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.selection_hash, s.selection, seen.start_no, seen.started_at
    FROM inventory_core_internal.selections AS s
    CROSS JOIN LATERAL (
        SELECT r.start_no, r.started_at
        FROM (SELECT l.run_id
              FROM inventory_core_internal.last_seen AS l
              WHERE l.tenant_id = _sightings_of.tenant AND l.selection_hash = s.selection_hash
                AND l.chunk = (_sightings_of.item_id >> 16)::integer
                AND inventory_core_internal._bitmap_contains(l.item_ids, _sightings_of.item_id)
              UNION ALL
              SELECT o.run_id
              FROM inventory_core_internal.sync_runs AS o
              WHERE o.tenant_id = _sightings_of.tenant AND o.selection_hash = s.selection_hash AND o.status = 'running'
                AND EXISTS (SELECT FROM inventory_core_internal._running_sets(_sightings_of.tenant, s.selection_hash) AS x
                            WHERE x.chunk = (_sightings_of.item_id >> 16)::integer
                              AND inventory_core_internal._bitmap_contains(x.item_ids, _sightings_of.item_id))) AS seen
        JOIN inventory_core_internal.sync_runs AS r ON r.tenant_id = _sightings_of.tenant AND r.run_id = seen.run_id
        ORDER BY r.start_no DESC, r.started_at DESC
        LIMIT 1) AS seen
    WHERE s.tenant_id = _sightings_of.tenant;
END;
COMMENT ON FUNCTION inventory_core_internal._sightings_of(text, bigint) IS
    'For each selection that has observed an item, the newest run of it that did, a running one too';

CREATE FUNCTION inventory_core.item_presence(tenant text, policy_type text, external_id text)
RETURNS TABLE (selection_hash text, selection jsonb, state text, last_seen_at timestamptz, missing_since timestamptz,
               confidence text, reasons text[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    id bigint;
    its_chunk integer;
BEGIN
    PERFORM inventory_core.set_tenant(tenant);
    PERFORM inventory_core_internal._require('policy_type', item_presence.policy_type IS NOT NULL);
    PERFORM inventory_core_internal._require('external_id', item_presence.external_id IS NOT NULL);
    SELECT i.item_id, i.chunk INTO id, its_chunk
    FROM inventory_core_internal.items AS i
    WHERE i.tenant_id = tenant AND i.policy_type = item_presence.policy_type AND i.external_id = item_presence.external_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH seen AS MATERIALIZED (
        SELECT s.* FROM inventory_core_internal._sightings_of(tenant, id) AS s
    ), missed AS MATERIALIZED (
        SELECT p.selection_hash, (g.answer).start_no, (g.answer).missing_since, (g.answer).confidence, (g.answer).reasons
        FROM inventory_core_internal.presence AS p
        CROSS JOIN LATERAL (SELECT g.answer
                            FROM inventory_core_internal._missing_groups(tenant, p.selection_hash, 'latest_clean') AS g
                            WHERE g.chunk = its_chunk AND inventory_core_internal._bitmap_contains(g.item_ids, id)) AS g
        WHERE p.tenant_id = tenant AND p.chunk = its_chunk
          AND inventory_core_internal._bitmap_contains(p.missing_ids, id)
    )
    SELECT s.selection_hash, s.selection, CASE WHEN m.selection_hash IS NULL THEN 'present' ELSE 'missing' END,
           s.started_at, m.missing_since, m.confidence,
           CASE WHEN EXISTS (SELECT FROM seen AS o
                             WHERE o.start_no > m.start_no AND o.selection_hash <> s.selection_hash
                               AND o.selection_hash NOT IN (SELECT x.selection_hash FROM missed AS x))
                THEN m.reasons || text 'seen_elsewhere' ELSE coalesce(m.reasons, '{}') END
    FROM seen AS s
    LEFT JOIN missed AS m ON m.selection_hash = s.selection_hash
    ORDER BY s.selection_hash;
END
$$;
COMMENT ON FUNCTION inventory_core.item_presence(text, text, text) IS
    'The selections that have observed an item, and which of them miss it by latest_clean; no row for an unknown item';
