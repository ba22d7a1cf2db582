CREATE FUNCTION inventory_core_internal._move_type_bit(tenant text, item_id bigint, old_type text, new_type text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    bit record;
BEGIN
    SELECT c.chunk, c.item_ids INTO bit FROM inventory_core_internal._bitmap_chunks(ARRAY[_move_type_bit.item_id]) AS c;
    UPDATE inventory_core_internal.item_types AS t
    SET item_ids = inventory_core_internal._bitmap_subtract(t.item_ids, bit.item_ids)
    WHERE t.tenant_id = tenant AND t.chunk = bit.chunk AND t.policy_type = old_type
      AND inventory_core_internal._bitmap_contains(t.item_ids, _move_type_bit.item_id);
    IF FOUND THEN
        INSERT INTO inventory_core_internal.item_types AS t (tenant_id, chunk, policy_type, item_ids)
        VALUES (tenant, bit.chunk, new_type, bit.item_ids)
        ON CONFLICT ON CONSTRAINT item_types_pkey DO UPDATE
        SET item_ids = inventory_core_internal._bitmap_union(ARRAY[t.item_ids, excluded.item_ids]);
        DELETE FROM inventory_core_internal.item_types AS t
        WHERE t.tenant_id = tenant AND t.chunk = bit.chunk AND t.policy_type = old_type
          AND inventory_core_internal._bitmap_count(t.item_ids) = 0;
    END IF;
    -- An item that a running or unfolded run inserted is still there.
    WITH moved AS (
        UPDATE inventory_core_internal.run_parts AS p
        SET item_ids = inventory_core_internal._bitmap_subtract(p.item_ids, bit.item_ids)
        WHERE p.tenant_id = tenant AND p.chunk = bit.chunk AND p.policy_type = old_type
          AND inventory_core_internal._bitmap_contains(p.item_ids, _move_type_bit.item_id)
        RETURNING p.run_id, p.part, p.kind, p.recorded_at)
    INSERT INTO inventory_core_internal.run_parts AS p
        (tenant_id, run_id, part, chunk, kind, policy_type, item_ids, recorded_at)
    SELECT tenant, m.run_id, m.part, bit.chunk, m.kind, new_type, bit.item_ids, m.recorded_at FROM moved AS m
    ON CONFLICT ON CONSTRAINT run_parts_pkey DO UPDATE
    SET item_ids = inventory_core_internal._bitmap_union(ARRAY[p.item_ids, excluded.item_ids]);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._move_type_bit(text, bigint, text, text) IS
    'Moves an item from the bitmap of one type to that of another';

-- Another type may have another baseline, so that the item is missing by one and not by the other. Its last count in
-- type_counts stays: it is what the last run counted.
CREATE FUNCTION inventory_core_internal._judge_as_type(tenant text, item_id bigint, old_type text, new_type text)
RETURNS TABLE (selection_hash text, change text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    bit record;
    hashes text[];
    were_missing boolean[];
    are_missing boolean[];
BEGIN
    SELECT c.chunk, c.item_ids INTO bit FROM inventory_core_internal._bitmap_chunks(ARRAY[_judge_as_type.item_id]) AS c;
    INSERT INTO inventory_core_internal.selection_types (tenant_id, selection_hash, policy_type)
    SELECT tenant, p.selection_hash, new_type
    FROM inventory_core_internal.presence AS p
    WHERE p.tenant_id = tenant AND p.chunk = bit.chunk
      AND inventory_core_internal._bitmap_contains(p.known_ids, _judge_as_type.item_id)
    ON CONFLICT ON CONSTRAINT selection_types_pkey DO NOTHING;

    SELECT array_agg(k.selection_hash), array_agg(k.was_missing), array_agg(k.is_removed OR coalesce(k.run_seq < j.baseline_seq, false))
    INTO hashes, were_missing, are_missing
    FROM (SELECT p.selection_hash, r.run_seq,
                 inventory_core_internal._bitmap_contains(p.missing_ids, _judge_as_type.item_id) AS was_missing,
                 EXISTS (SELECT FROM inventory_core_internal.removed_items AS d
                         WHERE d.tenant_id = tenant AND d.selection_hash = p.selection_hash AND d.chunk = p.chunk
                           AND inventory_core_internal._bitmap_contains(d.item_ids, _judge_as_type.item_id)) AS is_removed
          FROM inventory_core_internal.presence AS p
          JOIN inventory_core_internal.last_seen AS l
              ON l.tenant_id = tenant AND l.selection_hash = p.selection_hash AND l.chunk = p.chunk
          JOIN inventory_core_internal.sync_runs AS r ON r.tenant_id = tenant AND r.run_id = l.run_id
          WHERE p.tenant_id = tenant AND p.chunk = bit.chunk
            AND inventory_core_internal._bitmap_contains(p.known_ids, _judge_as_type.item_id)
            AND inventory_core_internal._bitmap_contains(l.item_ids, _judge_as_type.item_id)) AS k
    CROSS JOIN LATERAL inventory_core_internal._judging_runs(tenant, k.selection_hash, 'latest_clean') AS j
    WHERE j.policy_type = new_type;

    -- The reference of the shrink guard moves with an item that was present, or a renamed type would have shrunk.
    UPDATE inventory_core_internal.selection_types AS t
    SET known_count = t.known_count + m.known,
        present_count = t.present_count + m.present,
        reference_count = CASE WHEN m.reference = 0 THEN t.reference_count ELSE coalesce(t.reference_count, 0) + m.reference END
    FROM (SELECT k.selection_hash, c.policy_type, c.known, c.present, c.reference
          FROM unnest(hashes, were_missing, are_missing) AS k (selection_hash, was_missing, is_missing)
          JOIN inventory_core_internal.selection_types AS o
              ON o.tenant_id = tenant AND o.selection_hash = k.selection_hash AND o.policy_type = old_type
          CROSS JOIN LATERAL (SELECT (NOT k.was_missing AND coalesce(o.reference_count, 0) > 0)::integer AS moved) AS f
          CROSS JOIN LATERAL (VALUES (old_type, -1, -(NOT k.was_missing)::integer, -f.moved),
                                     (new_type, 1, (NOT k.is_missing)::integer, f.moved))
              AS c (policy_type, known, present, reference)) AS m
    WHERE t.tenant_id = tenant AND t.selection_hash = m.selection_hash AND t.policy_type = m.policy_type;

    RETURN QUERY
    UPDATE inventory_core_internal.presence AS p
    SET missing_ids = CASE WHEN k.is_missing
                           THEN inventory_core_internal._bitmap_union(ARRAY[p.missing_ids, bit.item_ids])
                           ELSE inventory_core_internal._bitmap_subtract(p.missing_ids, bit.item_ids) END
    FROM unnest(hashes, were_missing, are_missing) AS k (selection_hash, was_missing, is_missing)
    WHERE p.tenant_id = tenant AND p.selection_hash = k.selection_hash AND p.chunk = bit.chunk
      AND k.was_missing <> k.is_missing
    RETURNING k.selection_hash, CASE WHEN k.is_missing THEN 'missing' ELSE 'reappeared' END;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._judge_as_type(text, bigint, text, text) IS
    'Counts a known item under another type; returns the selections whose answer changes, with missing or reappeared';

CREATE FUNCTION inventory_core_internal._check_identity(policy_type text, external_id text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._require('policy_type', policy_type IS NOT NULL);
    PERFORM inventory_core_internal._require('external_id', external_id IS NOT NULL);
    IF octet_length(policy_type) NOT BETWEEN 1 AND 200 OR octet_length(external_id) NOT BETWEEN 1 AND 2048 THEN
        RAISE EXCEPTION 'invalid name of an item'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = CASE WHEN octet_length(policy_type) NOT BETWEEN 1 AND 200
                                THEN format('Argument policy_type: it has %s bytes.', octet_length(policy_type))
                                ELSE format('Argument external_id: it has %s bytes.', octet_length(external_id)) END,
                  HINT = 'policy_type has 1 to 200 bytes, external_id 1 to 2048 bytes.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._check_identity(text, text) IS
    'Raises 22004 or 22023 for a policy_type or external_id that no item can have';

CREATE FUNCTION inventory_core.rename_item(tenant text, item_id bigint, policy_type text, external_id text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    item inventory_core_internal.items;
    hashes text[];
    changes text[];
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant, 'maintainer');
    PERFORM inventory_core_internal._require('item_id', rename_item.item_id IS NOT NULL);
    PERFORM inventory_core_internal._check_identity(rename_item.policy_type, rename_item.external_id);
    -- Waits for uncommitted batches and ends of runs. A later batch with the old name inserts a new item.
    PERFORM inventory_core_internal._lock_shared('tenant', ''), inventory_core_internal._lock('items', '');
    SELECT i.* INTO item FROM inventory_core_internal.items AS i
    WHERE i.tenant_id = tenant AND i.item_id = rename_item.item_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'item not found'
            USING ERRCODE = 'no_data_found',
                  DETAIL = 'This tenant has no item with that id.',
                  HINT = 'The view inventory_core.inventory_items lists the items of the tenant and their ids.';
    ELSIF (item.policy_type, item.external_id) = (rename_item.policy_type, rename_item.external_id) THEN
        RETURN;
    ELSIF EXISTS (SELECT FROM inventory_core_internal.items AS i
                  WHERE i.tenant_id = tenant AND i.policy_type = rename_item.policy_type
                    AND i.external_id = rename_item.external_id) THEN
        RAISE EXCEPTION 'another item has this name'
            USING ERRCODE = 'unique_violation',
                  DETAIL = 'The tenant has an item with this policy_type and external_id.',
                  HINT = 'If it stands for the same thing, call inventory_core.forget_items for one of the two.';
    END IF;

    -- Not an UPDATE: no role has the privilege to update the identity of an item.
    DELETE FROM inventory_core_internal.items AS i WHERE i.tenant_id = tenant AND i.item_id = item.item_id;
    INSERT INTO inventory_core_internal.items
        (tenant_id, item_id, first_start_no, first_seen_at, updated_at, key_high, key_low, name_digest, meta_digest,
         policy_type, external_id, display_name, meta)
    VALUES (tenant, item.item_id, item.first_start_no, item.first_seen_at, item.updated_at,
            inventory_core_internal._key_high(rename_item.policy_type, rename_item.external_id),
            inventory_core_internal._key_low(rename_item.policy_type, rename_item.external_id),
            item.name_digest, item.meta_digest, rename_item.policy_type, rename_item.external_id, item.display_name, item.meta);
    IF item.policy_type <> rename_item.policy_type THEN
        PERFORM inventory_core_internal._move_type_bit(tenant, item.item_id, item.policy_type, rename_item.policy_type);
        SELECT array_agg(j.selection_hash), array_agg(j.change) INTO hashes, changes
        FROM inventory_core_internal._judge_as_type(tenant, item.item_id, item.policy_type, rename_item.policy_type) AS j;
    END IF;
    PERFORM inventory_core_internal._add_event(tenant, 'renamed', ARRAY[item.item_id]);
    PERFORM inventory_core_internal._add_event(tenant, c.change, ARRAY[item.item_id], c.selection_hash)
    FROM unnest(hashes, changes) AS c (selection_hash, change);
END
$$;
COMMENT ON FUNCTION inventory_core.rename_item(text, bigint, text, text) IS
    'Gives an item another policy_type or external_id; its item_id and its history stay';
