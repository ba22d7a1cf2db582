CREATE FUNCTION inventory_core_internal._add_part(
    tenant text, run_id uuid, recorded_at timestamptz, inserted bigint[], updated bigint[], unchanged bigint[],
    redacted_values integer, inserted_types text[])
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part uuid := gen_random_uuid();
BEGIN
    INSERT INTO inventory_core_internal.run_parts
        (tenant_id, run_id, part, chunk, kind, policy_type, item_ids, recorded_at, redacted_values)
    SELECT tenant, _add_part.run_id, part, c.chunk, k.kind, k.policy_type, c.item_ids, _add_part.recorded_at,
           CASE WHEN row_number() OVER () = 1 THEN _add_part.redacted_values ELSE 0 END
    FROM (SELECT 'updated' AS kind, '' AS policy_type, updated AS ids
          UNION ALL
          SELECT 'unchanged', '', unchanged
          UNION ALL
          SELECT 'inserted', i.policy_type, array_agg(i.item_id)
          FROM unnest(inserted, inserted_types) AS i (item_id, policy_type)
          GROUP BY i.policy_type) AS k
    CROSS JOIN LATERAL inventory_core_internal._bitmap_chunks(k.ids) AS c;
    IF NOT FOUND THEN
        -- A batch without items prolongs the lease, too.
        INSERT INTO inventory_core_internal.run_parts (tenant_id, run_id, part, chunk, kind, item_ids, recorded_at)
        VALUES (tenant, _add_part.run_id, part, 0, 'unchanged', inventory_core_internal._bitmap_union(NULL), _add_part.recorded_at);
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._add_part(text, uuid, timestamptz, bigint[], bigint[], bigint[], integer, text[]) IS
    'Adds what a batch saw to its running run';
