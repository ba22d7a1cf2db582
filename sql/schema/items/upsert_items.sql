CREATE FUNCTION inventory_core_internal._record_rejected(tenant text, run_id uuid, policy_types text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    new_types text[];
    is_locked boolean := false;
BEGIN
    -- One per run and type, so that a replayed batch changes nothing. The errors are locked only if there is a new type; another
    -- batch may have recorded it meanwhile.
    LOOP
        new_types := ARRAY(
            SELECT t.policy_type
            FROM (SELECT unnest(policy_types)
                  EXCEPT
                  SELECT e.policy_type FROM inventory_core_internal.sync_errors AS e
                  WHERE e.tenant_id = tenant AND e.run_id = _record_rejected.run_id AND e.error_code = 'item_rejected')
                AS t (policy_type)
            ORDER BY t.policy_type COLLATE "C" NULLS FIRST);
        IF new_types = '{}' THEN
            RETURN;
        END IF;
        EXIT WHEN is_locked;
        PERFORM inventory_core_internal._lock('errors', run_id::text);
        is_locked := true;
    END LOOP;
    INSERT INTO inventory_core_internal.sync_errors (tenant_id, run_id, error_no, error_code, policy_type, recorded_at, by_caller)
    SELECT tenant, _record_rejected.run_id, before.error_no + n.nth, 'item_rejected', n.policy_type, inventory_core_internal._now(),
           false
    FROM unnest(new_types) WITH ORDINALITY AS n (policy_type, nth)
    CROSS JOIN (SELECT coalesce(max(e.error_no), 0) AS error_no FROM inventory_core_internal.sync_errors AS e
                WHERE e.tenant_id = tenant AND e.run_id = _record_rejected.run_id) AS before;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._record_rejected(text, uuid, text[]) IS
    'Records the error item_rejected, once per run and policy type';

CREATE FUNCTION inventory_core.upsert_items(
    tenant text, run_id uuid, items json, on_bad_item text DEFAULT 'reject_batch')
RETURNS TABLE (observed integer, inserted integer, updated integer, unchanged integer, duplicates integer,
               rejected integer, dropped_meta_keys integer)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
-- Planned once per session, as are the functions called from here: planning costs more than executing.
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    run inventory_core_internal.sync_runs;
    now timestamptz;
    allowed_types text[];
    allowed_keys text[];
    batch record;
    probe record;
    next_id bigint;
    next_id_before bigint;
    guessed_from CONSTANT integer := 400;
    samples_wanted CONSTANT integer := 16;
    is_guess boolean := false;
    updated_ids bigint[] := '{}';
    inserted_ids bigint[] := '{}';
    inserted_types text[] := '{}';
    redacted_in_updated integer := 0;
    redacted_in_inserted integer := 0;
    part CONSTANT uuid := gen_random_uuid();
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant);
    IF items IS NULL OR on_bad_item IS NULL THEN
        PERFORM inventory_core_internal._require('items', items IS NOT NULL);
        PERFORM inventory_core_internal._require('on_bad_item', on_bad_item IS NOT NULL);
    END IF;
    -- From here on finish_run and forget_* wait for this transaction.
    run := inventory_core_internal._lock_run_shared(tenant, run_id);
    now := inventory_core_internal._now();

    SELECT coalesce(array_agg(w.policy_type), '{}'), coalesce(array_agg(w.key), '{}')
    INTO allowed_types, allowed_keys
    FROM inventory_core_internal.meta_whitelist AS w;
    SELECT b.* INTO batch
    FROM inventory_core_internal._read_items(items, allowed_types, allowed_keys, on_bad_item) AS b;

    IF batch.rejected_types <> '{}' THEN
        PERFORM inventory_core_internal._record_rejected(tenant, run_id, batch.rejected_types);
    END IF;

    next_id := coalesce((SELECT t.next_item_id FROM inventory_core_internal.tenants AS t WHERE t.tenant_id = tenant), 1);
    -- If new items came since the run began, all of these may be new: inserting first is cheaper than probing for absent keys.
    IF next_id > run.first_new_item_id AND batch.items >= guessed_from THEN
        SELECT p.changed_ids IS NULL AND p.unchanged_ids IS NULL INTO is_guess
        FROM inventory_core_internal._find_items(
            tenant, inventory_core_internal._sample_batch(batch.batch, batch.items / samples_wanted),
            run.first_new_item_id) AS p;
    END IF;

    LOOP
        IF is_guess THEN
            SELECT ARRAY(SELECT generate_series(1, batch.items)) AS new_positions,
                   NULL::integer[] AS changed_positions, NULL::bigint[] AS changed_ids, NULL::bigint[] AS unchanged_ids,
                   NULL::bigint[] AS young_ids
            INTO probe;
        ELSE
            SELECT p.* INTO probe
            FROM inventory_core_internal._find_items(tenant, batch.batch, run.first_new_item_id) AS p;
        END IF;
        EXIT WHEN probe.new_positions IS NULL;
        -- Batches with new items lock the counter in turn. If it has moved, items were added since the look-up.
        next_id_before := next_id;
        SELECT t.next_item_id INTO next_id
        FROM inventory_core_internal.tenants AS t
        WHERE t.tenant_id = tenant
        FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            -- Two first batches of a tenant wait for each other here.
            INSERT INTO inventory_core_internal.tenants AS t (tenant_id) VALUES (tenant) ON CONFLICT DO NOTHING;
            next_id := next_id_before;
            CONTINUE;
        END IF;
        CONTINUE WHEN next_id <> next_id_before AND NOT is_guess;
        BEGIN
            WITH texts AS (
                SELECT t.*
                FROM inventory_core_internal._item_texts(items, batch.batch, allowed_types, allowed_keys,
                                                         probe.new_positions) AS t),
            written AS (
                INSERT INTO inventory_core_internal.items
                    (tenant_id, item_id, first_start_no, first_seen_at, updated_at, key_high, key_low, name_digest,
                     meta_digest, policy_type, external_id, display_name, meta)
                SELECT tenant, next_id - 1 + t.nth, run.start_no, run.started_at, now, t.key_high, t.key_low, t.name_digest,
                       t.meta_digest, t.policy_type, t.external_id, t.display_name, t.meta::jsonb
                FROM texts AS t)
            SELECT sum(t.redacted_values), array_agg(t.policy_type ORDER BY t.nth) INTO redacted_in_inserted, inserted_types
            FROM texts AS t;
            EXIT;
        EXCEPTION WHEN unique_violation THEN
            -- One of them is known after all: what was written is rolled back.
            IF NOT is_guess THEN
                RAISE;
            END IF;
            is_guess := false;
        END;
    END LOOP;
    IF probe.new_positions IS NOT NULL THEN
        inserted_ids := ARRAY(SELECT generate_series(next_id, next_id + cardinality(probe.new_positions) - 1));
        UPDATE inventory_core_internal.tenants AS t
        SET next_item_id = next_id + cardinality(inserted_ids)
        WHERE t.tenant_id = tenant;
    END IF;

    IF probe.changed_ids IS NOT NULL OR probe.young_ids IS NOT NULL THEN
        -- Always in the order of the ids, so that batches do not deadlock.
        PERFORM 1
        FROM (SELECT c.item_id, true AS is_changed FROM unnest(probe.changed_ids) AS c (item_id)
              UNION ALL
              SELECT y.item_id, false FROM unnest(probe.young_ids) AS y (item_id)) AS wanted
        JOIN inventory_core_internal.items AS i ON i.tenant_id = tenant AND i.item_id = wanted.item_id
        WHERE wanted.is_changed OR (i.first_start_no, i.first_seen_at) > (run.start_no, run.started_at)
        ORDER BY i.item_id
        FOR NO KEY UPDATE OF i;
        -- A run that started earlier than the one that brought the item saw it first.
        UPDATE inventory_core_internal.items AS i
        SET first_start_no = run.start_no, first_seen_at = run.started_at
        WHERE i.tenant_id = tenant
          AND i.item_id = ANY (probe.young_ids)
          AND (i.first_start_no, i.first_seen_at) > (run.start_no, run.started_at);
    END IF;

    IF probe.changed_ids IS NOT NULL THEN
        WITH written AS (
            UPDATE inventory_core_internal.items AS i
            SET display_name = CASE WHEN t.name_given THEN t.display_name ELSE i.display_name END,
                name_digest = CASE WHEN t.name_given THEN t.name_digest ELSE i.name_digest END,
                meta = CASE WHEN t.meta_given THEN t.meta::jsonb ELSE i.meta END,
                meta_digest = CASE WHEN t.meta_given THEN t.meta_digest ELSE i.meta_digest END,
                updated_at = now
            FROM unnest(probe.changed_ids, probe.changed_positions) AS c (item_id, position)
            JOIN inventory_core_internal._item_texts(items, batch.batch, allowed_types, allowed_keys,
                                                     probe.changed_positions) AS t
                ON t.position = c.position
            WHERE i.tenant_id = tenant AND i.item_id = c.item_id
              -- another batch may have written the same while this one waited for the row lock
              AND (t.name_given AND i.name_digest <> t.name_digest OR t.meta_given AND i.meta_digest <> t.meta_digest)
            RETURNING i.item_id, t.redacted_values)
        SELECT coalesce(array_agg(w.item_id), '{}'), coalesce(sum(w.redacted_values), 0)
        INTO updated_ids, redacted_in_updated
        FROM written AS w;
        probe.unchanged_ids := probe.unchanged_ids
            || ARRAY(SELECT unnest(probe.changed_ids) EXCEPT SELECT unnest(updated_ids));
    END IF;

    INSERT INTO inventory_core_internal.run_parts
        (tenant_id, run_id, part, chunk, kind, policy_type, item_ids, recorded_at, redacted_values)
    SELECT tenant, run.run_id, part, p.chunk, p.kind, p.policy_type, p.item_ids, now, p.redacted_values
    FROM inventory_core_internal._batch_parts(inserted_ids, inserted_types, updated_ids, probe.unchanged_ids,
                                              redacted_in_updated + redacted_in_inserted) AS p;
    PERFORM inventory_core_internal._keep_slot(run, now);

    observed := batch.items;
    inserted := cardinality(inserted_ids);
    updated := cardinality(updated_ids);
    unchanged := coalesce(cardinality(probe.unchanged_ids), 0);
    duplicates := batch.duplicates;
    rejected := batch.rejected;
    dropped_meta_keys := batch.dropped_meta_keys;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION inventory_core.upsert_items(text, uuid, json, text) IS
    'Stores a batch of what a run observed; writes the items that are new or changed, and a bitmap of those that it saw';
