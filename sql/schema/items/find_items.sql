-- The statements are planned once per session, often while the table is empty: the plan that is cheapest then would later
-- read the whole table. (Where row-level security applies, plans use the indexes anyway.)
CREATE FUNCTION inventory_core_internal._find_items(tenant text, batch bytea, young_from bigint)
RETURNS TABLE (new_positions integer[], changed_positions integer[], changed_ids bigint[], unchanged_ids bigint[],
               young_ids bigint[])
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
    sample_every CONSTANT integer := 64;
    near record;
    far record;
    found record;
BEGIN
    -- If two neighbouring samples have ids close to each other, so have most of the items between them.
    SELECT array_agg(i.item_id) AS ids, array_agg(i.key_high) AS key_highs, array_agg(i.key_low) AS key_lows,
           array_agg(i.name_digest) AS name_digests, array_agg(i.meta_digest) AS meta_digests
    INTO near
    FROM (SELECT k.item_id, lead(k.item_id) OVER (ORDER BY s.position) AS next_id
          FROM inventory_core_internal._batch_sample(batch, sample_every) AS s
          CROSS JOIN LATERAL (SELECT i.item_id
                              FROM inventory_core_internal.items AS i
                              WHERE i.tenant_id = tenant AND i.external_id = s.external_id AND i.key_high = s.key_high
                              OFFSET 0) AS k) AS a
    CROSS JOIN LATERAL (SELECT i.item_id, i.key_high, i.key_low, i.name_digest, i.meta_digest
                        FROM inventory_core_internal.items AS i
                        WHERE i.tenant_id = tenant
                          AND i.item_id BETWEEN least(a.item_id, a.next_id) AND greatest(a.item_id, a.next_id)
                        OFFSET 0) AS i
    WHERE abs(a.next_id - a.item_id) <= 2 * sample_every;

    SELECT c.* INTO found
    FROM inventory_core_internal._compare_items(
        batch, near.ids, near.key_highs, near.key_lows, near.name_digests, near.meta_digests, young_from) AS c;

    IF found.new_external_ids IS NOT NULL THEN
        SELECT array_agg(i.item_id) AS ids, array_agg(i.key_high) AS key_highs, array_agg(i.key_low) AS key_lows,
               array_agg(i.name_digest) AS name_digests, array_agg(i.meta_digest) AS meta_digests
        INTO far
        FROM inventory_core_internal.items AS i
        WHERE i.tenant_id = tenant AND i.external_id = ANY (found.new_external_ids);

        IF far.ids IS NOT NULL THEN
            SELECT c.* INTO found
            FROM inventory_core_internal._compare_items(
                batch, near.ids || far.ids, near.key_highs || far.key_highs, near.key_lows || far.key_lows,
                near.name_digests || far.name_digests, near.meta_digests || far.meta_digests, young_from) AS c;
        END IF;
    END IF;
    new_positions := found.new_positions;
    changed_positions := found.changed_positions;
    changed_ids := found.changed_ids;
    unchanged_ids := found.unchanged_ids;
    young_ids := found.young_ids;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._find_items(text, bytea, bigint) IS
    'Which items of a batch are new, changed, unchanged; and which are younger than the run';
