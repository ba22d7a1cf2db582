-- From 0.1.0 to 0.2.0. The tables stay as they are.
-- * A batch whose items are all new is not looked up in vain, and a batch is copied less often.
-- * A start whose wait ends in the moment of its timeout goes on.
-- * Whoever closes a run takes its selection first, as forget_tenant does; a batch takes the row of its run before that of
--   the tenant.
-- * Bad items of many types are recorded in one go. Intervals and keys out of all range are told as such.
\echo Use "ALTER EXTENSION inventory_core UPDATE TO '0.2.0'" to load this file. \quit

-- The two that read a batch take it as json, which is a text for the library: a cast to text would copy it twice. Those
-- that take text are not called any more, but dumps of 0.1.0 name them in GRANT.
CREATE OR REPLACE FUNCTION inventory_core._read_items(
    items json, whitelist_types text[], whitelist_keys text[], on_bad_item text)
RETURNS TABLE (key_highs bigint[], key_lows bigint[], external_ids text[], name_digests bigint[], meta_digests bigint[],
               given_positions integer[], starts integer[], duplicates integer, rejected integer, rejected_types text[],
               dropped_meta_keys integer)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', '_read_items_wrapper';

CREATE OR REPLACE FUNCTION inventory_core._item_texts(
    items json, whitelist_types text[], whitelist_keys text[], positions integer[], given_positions integer[],
    starts integer[])
RETURNS TABLE ("position" integer, nth bigint, key_high bigint, key_low bigint, policy_type text, external_id text,
               name_given boolean, name_digest bigint, display_name text, meta_given boolean, meta_digest bigint, meta text,
               redacted_values integer)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', '_item_texts_wrapper';

COMMENT ON FUNCTION inventory_core._read_items(json, text[], text[], text) IS
    'Keys and digests of a batch, in the given order; NULL digest = part omitted';
COMMENT ON FUNCTION inventory_core._read_items(text, text[], text[], text) IS 'The same, as version 0.1.0 called it';
COMMENT ON FUNCTION inventory_core._item_texts(json, text[], text[], integer[], integer[], integer[]) IS
    'What to store of some items of a batch, by their positions in _read_items';
COMMENT ON FUNCTION inventory_core._item_texts(text, text[], text[], integer[], integer[], integer[]) IS
    'The same, as version 0.1.0 called it';
REVOKE ALL ON FUNCTION
    inventory_core._read_items(json, text[], text[], text),
    inventory_core._item_texts(json, text[], text[], integer[], integer[], integer[])
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    inventory_core._read_items(json, text[], text[], text),
    inventory_core._item_texts(json, text[], text[], integer[], integer[], integer[])
    TO PUBLIC;

CREATE OR REPLACE FUNCTION inventory_core._micros(span interval) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (least(greatest(extract(epoch FROM span), -9e12), 9e12) * 1000000)::bigint;

CREATE OR REPLACE FUNCTION inventory_core.retry_delay(
    attempt integer, http_status integer, retry_after text DEFAULT NULL,
    base interval DEFAULT NULL, cap interval DEFAULT NULL, now timestamptz DEFAULT clock_timestamp()) RETURNS interval
LANGUAGE sql VOLATILE PARALLEL SAFE
BEGIN ATOMIC
    SELECT inventory_core._retry_delay(
               attempt, http_status, retry_after, inventory_core._micros(base), inventory_core._micros(cap),
               (least(greatest(extract(epoch FROM now), -9e12), 9e12) * 1000000)::bigint, random()) * interval '1 microsecond';
END;

CREATE OR REPLACE FUNCTION inventory_core._take_over(run inventory_core.sync_runs) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- The selection before the run, as forget_tenant takes them; where it has it, there is nothing to take over.
    PERFORM 1 FROM inventory_core.selections AS s
    WHERE s.tenant_id = run.tenant_id AND s.selection_hash = run.selection_hash
    FOR KEY SHARE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- A run whose row is locked has a batch or a finish that is not committed: its owner lives.
    PERFORM 1 FROM inventory_core.sync_runs AS r
    WHERE r.tenant_id = run.tenant_id AND r.run_id = run.run_id AND r.status = 'running'
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- Read again: a batch or heartbeat may have come before we had the row.
    SELECT r.* INTO run FROM inventory_core.sync_runs AS r
    WHERE r.tenant_id = run.tenant_id AND r.run_id = run.run_id;
    IF inventory_core._lease_end(run) > inventory_core._now() THEN
        RETURN false;
    END IF;
    PERFORM inventory_core._add_error(run.tenant_id, run.run_id, 'lease_expired');
    PERFORM inventory_core._close_run(run, 'failed');
    UPDATE inventory_core.sync_runs AS r SET taken_over = true
    WHERE r.tenant_id = run.tenant_id AND r.run_id = run.run_id;
    RETURN true;
END
$$;

COMMENT ON FUNCTION inventory_core._take_over(inventory_core.sync_runs) IS
    'Closes a run whose lease has expired; false where its owner shows life, or the tenant is being forgotten';

CREATE OR REPLACE FUNCTION inventory_core._check_start(
    selection jsonb, correlation_id text, lease interval, min_age interval, scope text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    longest CONSTANT interval := '1000 years';      -- what is added to the time must still be one
    problem text := CASE
        WHEN jsonb_typeof(selection) <> 'object' THEN format('selection: it is of type %s.', jsonb_typeof(selection))
        WHEN length(correlation_id) > 1000 THEN format('correlation_id: it has %s characters.', length(correlation_id))
        WHEN lease <= interval '0' OR lease > longest THEN format('lease: it is %s.', lease)
        WHEN min_age < interval '0' OR min_age > longest THEN format('min_age: it is %s.', min_age)
    END;
BEGIN
    PERFORM inventory_core._require('selection', selection IS NOT NULL);
    PERFORM inventory_core._check_scope(scope);
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION 'invalid argument of start_run'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('Argument %s', problem),
                  HINT = 'selection is a JSON object, correlation_id at most 1000 characters, lease a positive and '
                         'min_age no negative interval, neither longer than 1000 years.';
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION inventory_core.start_run(
    tenant text, selection jsonb, correlation_id text DEFAULT NULL, request_id uuid DEFAULT NULL,
    lease interval DEFAULT NULL, min_age interval DEFAULT NULL, scope text DEFAULT '*')
RETURNS TABLE (run_id uuid, status text, selection_hash text, reason text, blocking_run_id uuid, retry_after interval)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
-- The longest that a start waits for a row that another transaction holds locked.
SET lock_timeout = '50ms'
AS $$
#variable_conflict use_variable
DECLARE
    run inventory_core.sync_runs;
    tenant_slot record;
    run_slot integer;
    is_alone boolean;
    tries integer := 0;
    violated text;
BEGIN
    PERFORM inventory_core._begin_write(tenant);
    PERFORM inventory_core._check_start(selection, correlation_id, lease, min_age, scope);
    selection_hash := inventory_core.selection_hash(selection);
    lease := coalesce(lease, make_interval(secs => inventory_core._lease_seconds()));

    SELECT r.* INTO run FROM inventory_core.sync_runs AS r
    WHERE r.tenant_id = tenant AND r.request_id = start_run.request_id;
    IF FOUND THEN
        PERFORM inventory_core._check_request(run, selection_hash);
        run_id := run.run_id;
        status := run.status;
        RETURN NEXT;
        RETURN;
    END IF;

    -- Starters of one selection do not queue for its rows. Who fails to get the lock goes on, for a
    -- stranger may hold it and the unique index decides, but hardly waits.
    is_alone := pg_try_advisory_xact_lock(inventory_core.selection_lock_key(tenant, selection_hash));
    IF NOT is_alone THEN
        PERFORM set_config('lock_timeout', '5ms', true);
    END IF;
    status := 'skipped';
    run := inventory_core._blocking_run(tenant, selection_hash);
    IF run.run_id IS NOT NULL THEN
        reason := 'already_running';
        blocking_run_id := run.run_id;
        retry_after := inventory_core._lease_end(run) - inventory_core._now();
    ELSE
        SELECT o.reason, o.retry_after INTO reason, retry_after
        FROM inventory_core._obstacle(tenant, selection_hash, min_age, scope) AS o;
    END IF;
    WHILE reason IS NULL LOOP
        tries := tries + 1;
        SELECT c.slot, c.is_contended, c.is_reached INTO tenant_slot
        FROM inventory_core._choose_tenant_slot(tenant, tries) AS c;
        EXIT WHEN tenant_slot.is_reached;
        BEGIN
            -- In a block of its own: what a refused start has locked must be free for others at once.
            BEGIN
                run_slot := inventory_core._choose_run_slot();
                IF run_slot IS NULL AND inventory_core._max_running_runs() >= 0 THEN
                    reason := 'global_limit';
                    EXIT;
                END IF;
                run := inventory_core._insert_run(
                    tenant, selection_hash, selection, request_id, correlation_id, lease, scope, tenant_slot.slot);
                -- The run first, then the look at others: of two that begin at once one sees the other.
                IF run_slot IS NOT NULL THEN
                    PERFORM inventory_core._mark_open_start(tenant, run_slot);
                END IF;
                IF inventory_core._exceeds_tenant_limit(run, run_slot) THEN
                    PERFORM inventory_core._release_locks();
                END IF;
                PERFORM inventory_core._take_slot(run_slot, run, run.started_at);
                run_id := run.run_id;
                status := 'running';
                RETURN NEXT;
                RETURN;
            EXCEPTION
                WHEN triggered_action_exception THEN
                    reason := 'tenant_limit';
                -- Another start, not yet committed; or on a busy server some other lock, for which one more try is made ...
                WHEN lock_not_available THEN
                    IF tenant_slot.is_contended THEN
                        reason := CASE WHEN tries >= 10 THEN 'tenant_limit' END;
                    ELSIF NOT is_alone THEN
                        reason := 'already_running';
                    END IF;
                    is_alone := is_alone AND tenant_slot.is_contended;
                -- ... or committed in this very moment: of this selection, or of another that took the same
                -- number of the tenant, in which case there may be one more.
                WHEN unique_violation THEN
                    GET STACKED DIAGNOSTICS violated = CONSTRAINT_NAME;
                    IF violated <> 'sync_runs_one_run_a_tenant_slot' THEN
                        reason := 'already_running';
                    END IF;
                -- The selection is gone: the tenant was forgotten in this very moment.
                WHEN foreign_key_violation THEN
                    reason := CASE WHEN tries >= 10 THEN 'tenant_limit' END;
            END;
        EXCEPTION
            -- The time was over in the very moment in which the wait was: the server tells of it in the handler above.
            WHEN lock_not_available THEN
                NULL;
        END;
    END LOOP;
    reason := coalesce(reason, 'tenant_limit');

    retry_after := CASE
        -- The run may end long before its lease does.
        WHEN reason = 'already_running' THEN
            greatest(least(retry_after, interval '1 minute'), interval '1 second')
        -- Jitter, or all that were refused come back in one moment.
        WHEN reason IN ('tenant_limit', 'global_limit') THEN
            interval '1 second' + random() * interval '9 seconds'
        ELSE retry_after
    END;
    PERFORM inventory_core._refuse_start(tenant, selection_hash, selection, reason);
    RETURN NEXT;
END
$$;

CREATE OR REPLACE FUNCTION inventory_core._record_rejected(tenant text, run_id uuid, policy_types text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    new_types text[];
    is_locked boolean := false;
BEGIN
    -- One per run and type, so that a replayed batch changes nothing. The row is locked only where there is a new one,
    -- which another batch may have recorded by then.
    LOOP
        new_types := ARRAY(
            SELECT t.policy_type
            FROM (SELECT unnest(policy_types)
                  EXCEPT
                  SELECT e.policy_type FROM inventory_core.sync_errors AS e
                  WHERE e.tenant_id = tenant AND e.run_id = _record_rejected.run_id AND e.error_code = 'item_rejected')
                AS t (policy_type)
            ORDER BY t.policy_type COLLATE "C" NULLS FIRST);
        EXIT WHEN is_locked OR new_types = '{}';
        PERFORM 1 FROM inventory_core.sync_runs AS r
        WHERE r.tenant_id = tenant AND r.run_id = _record_rejected.run_id
        FOR NO KEY UPDATE;
        is_locked := true;
    END LOOP;
    INSERT INTO inventory_core.sync_errors (tenant_id, run_id, error_no, error_code, policy_type, recorded_at)
    SELECT tenant, _record_rejected.run_id, before.error_no + n.nth, 'item_rejected', n.policy_type, inventory_core._now()
    FROM unnest(new_types) WITH ORDINALITY AS n (policy_type, nth)
    CROSS JOIN (SELECT coalesce(max(e.error_no), 0) AS error_no FROM inventory_core.sync_errors AS e
                WHERE e.tenant_id = tenant AND e.run_id = _record_rejected.run_id) AS before;
END
$$;

CREATE OR REPLACE FUNCTION inventory_core.upsert_items(
    tenant text, run_id uuid, items json, on_bad_item text DEFAULT 'reject_batch')
RETURNS TABLE (observed integer, inserted integer, updated integer, unchanged integer, duplicates integer,
               rejected integer, dropped_meta_keys integer)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    run inventory_core.sync_runs;
    taken timestamptz;
    allowed_types text[];
    allowed_keys text[];
    batch record;
    probe record;
    next_id bigint;
    next_id_before bigint;
    guessed_from CONSTANT integer := 400;
    samples_wanted CONSTANT integer := 16;
    samples record;
    is_guess boolean := false;
    updated_ids bigint[] := '{}';
    inserted_ids bigint[] := '{}';
    redacted_in_updated integer := 0;
    redacted_in_inserted integer := 0;
BEGIN
    PERFORM inventory_core._begin_write(tenant);
    PERFORM inventory_core._require('items', items IS NOT NULL);
    PERFORM inventory_core._require('on_bad_item', on_bad_item IS NOT NULL);
    PERFORM inventory_core._pass_gate(tenant, 'items');
    -- From here on a finish waits for us, or we are refused.
    run := inventory_core._share_run(tenant, run_id);
    taken := inventory_core._now();
    PERFORM inventory_core._keep_slot(run, taken);

    SELECT coalesce(array_agg(w.policy_type), '{}'), coalesce(array_agg(w.key), '{}')
    INTO allowed_types, allowed_keys
    FROM inventory_core.meta_whitelist AS w;
    SELECT b.* INTO batch
    FROM inventory_core._read_items(items, allowed_types, allowed_keys, on_bad_item) AS b;

    -- The row of the run, which this may lock, before that of the tenant, as record_error and a batch after it take them.
    PERFORM inventory_core._record_rejected(tenant, run_id, batch.rejected_types);

    -- forget_items waits for us, or we for it: no item that the probe finds can go away.
    next_id := inventory_core._share_tenant(tenant);
    -- Where new items came since the run began, all of these may be new: then trying is cheaper than looking for them in vain.
    IF next_id > run.first_new_item_id AND cardinality(batch.key_highs) >= guessed_from THEN
        SELECT array_agg(batch.key_highs[s.position]) AS key_highs, array_agg(batch.key_lows[s.position]) AS key_lows,
               array_agg(batch.external_ids[s.position]) AS external_ids
        INTO samples
        FROM generate_series(1, cardinality(batch.key_highs), cardinality(batch.key_highs) / samples_wanted) AS s (position);
        -- Only which of them are new is of interest: any digests will do.
        SELECT p.new_positions IS NOT NULL AND cardinality(p.new_positions) = cardinality(samples.key_highs) INTO is_guess
        FROM inventory_core._find_items(tenant, samples.key_highs, samples.key_lows, samples.external_ids,
                                        samples.key_highs, samples.key_highs, run.first_new_item_id) AS p;
    END IF;

    LOOP
        IF is_guess THEN
            SELECT ARRAY(SELECT generate_series(1, cardinality(batch.key_highs))) AS new_positions,
                   NULL::integer[] AS changed_positions, NULL::bigint[] AS changed_ids, NULL::bigint[] AS unchanged_ids,
                   NULL::bigint[] AS young_ids
            INTO probe;
        ELSE
            SELECT p.* INTO probe
            FROM inventory_core._find_items(tenant, batch.key_highs, batch.key_lows, batch.external_ids, batch.name_digests,
                                            batch.meta_digests, run.first_new_item_id) AS p;
        END IF;
        EXIT WHEN probe.new_positions IS NULL;
        -- Batches with new items take the counter in turn. Where it has moved, items came since we looked.
        next_id_before := next_id;
        SELECT t.next_item_id INTO next_id
        FROM inventory_core.tenants AS t
        WHERE t.tenant_id = tenant
        FOR NO KEY UPDATE;
        CONTINUE WHEN next_id <> next_id_before AND NOT is_guess;
        BEGIN
            WITH texts AS (
                SELECT t.*
                FROM inventory_core._item_texts(items, allowed_types, allowed_keys, probe.new_positions,
                                                batch.given_positions, batch.starts) AS t),
            written AS (
                INSERT INTO inventory_core.items
                    (tenant_id, item_id, first_start_no, first_seen_at, updated_at, key_high, key_low, name_digest,
                     meta_digest, policy_type, external_id, display_name, meta)
                SELECT tenant, next_id - 1 + t.nth, run.start_no, run.started_at, taken, t.key_high, t.key_low, t.name_digest,
                       t.meta_digest, t.policy_type, t.external_id, t.display_name, t.meta::jsonb
                FROM texts AS t)
            SELECT sum(t.redacted_values) INTO redacted_in_inserted FROM texts AS t;
            EXIT;
        EXCEPTION WHEN unique_violation THEN
            -- One of them is known after all: what was written is taken back.
            IF NOT is_guess THEN
                RAISE;
            END IF;
            is_guess := false;
        END;
    END LOOP;
    IF probe.new_positions IS NOT NULL THEN
        inserted_ids := ARRAY(SELECT generate_series(next_id, next_id + cardinality(probe.new_positions) - 1));
        UPDATE inventory_core.tenants AS t
        SET next_item_id = next_id + cardinality(inserted_ids)
        WHERE t.tenant_id = tenant;
    END IF;

    IF probe.changed_ids IS NOT NULL OR probe.young_ids IS NOT NULL THEN
        -- Always in the order of the ids, so that batches never wait for each other in a circle.
        PERFORM 1
        FROM (SELECT c.item_id, true AS is_changed FROM unnest(probe.changed_ids) AS c (item_id)
              UNION ALL
              SELECT y.item_id, false FROM unnest(probe.young_ids) AS y (item_id)) AS wanted
        JOIN inventory_core.items AS i ON i.tenant_id = tenant AND i.item_id = wanted.item_id
        WHERE wanted.is_changed OR (i.first_start_no, i.first_seen_at) > (run.start_no, run.started_at)
        ORDER BY i.item_id
        FOR NO KEY UPDATE OF i;
        -- A run that started earlier than the one that brought the item saw it first.
        UPDATE inventory_core.items AS i
        SET first_start_no = run.start_no, first_seen_at = run.started_at
        WHERE i.tenant_id = tenant
          AND i.item_id = ANY (probe.young_ids)
          AND (i.first_start_no, i.first_seen_at) > (run.start_no, run.started_at);
    END IF;

    IF probe.changed_ids IS NOT NULL THEN
        WITH written AS (
            UPDATE inventory_core.items AS i
            SET display_name = CASE WHEN t.name_given THEN t.display_name ELSE i.display_name END,
                name_digest = CASE WHEN t.name_given THEN t.name_digest ELSE i.name_digest END,
                meta = CASE WHEN t.meta_given THEN t.meta::jsonb ELSE i.meta END,
                meta_digest = CASE WHEN t.meta_given THEN t.meta_digest ELSE i.meta_digest END,
                updated_at = taken
            FROM unnest(probe.changed_ids, probe.changed_positions) AS c (item_id, position)
            JOIN inventory_core._item_texts(items, allowed_types, allowed_keys, probe.changed_positions,
                                            batch.given_positions, batch.starts) AS t
                ON t.position = c.position
            WHERE i.tenant_id = tenant AND i.item_id = c.item_id
              -- another batch may have written the same while we waited for the row
              AND (t.name_given AND i.name_digest <> t.name_digest OR t.meta_given AND i.meta_digest <> t.meta_digest)
            RETURNING i.item_id, t.redacted_values)
        SELECT coalesce(array_agg(w.item_id), '{}'), coalesce(sum(w.redacted_values), 0)
        INTO updated_ids, redacted_in_updated
        FROM written AS w;
        probe.unchanged_ids := probe.unchanged_ids
            || ARRAY(SELECT unnest(probe.changed_ids) EXCEPT SELECT unnest(updated_ids));
    END IF;

    PERFORM inventory_core._add_part(tenant, run_id, taken, inserted_ids, updated_ids, probe.unchanged_ids,
                                     redacted_in_updated + redacted_in_inserted);

    RETURN QUERY
    SELECT cardinality(batch.key_highs), cardinality(inserted_ids), cardinality(updated_ids),
           coalesce(cardinality(probe.unchanged_ids), 0), batch.duplicates, batch.rejected, batch.dropped_meta_keys;
END
$$;

CREATE OR REPLACE FUNCTION inventory_core.finish_run(
    tenant text, run_id uuid, status text DEFAULT 'success', expected_items bigint DEFAULT NULL)
RETURNS inventory_core.inventory_sync_runs
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    run inventory_core.sync_runs;
    observed bigint;
    result inventory_core.inventory_sync_runs;
BEGIN
    PERFORM inventory_core._begin_write(tenant);
    PERFORM inventory_core._require('run_id', run_id IS NOT NULL);
    PERFORM inventory_core._require('status', finish_run.status IS NOT NULL);
    IF finish_run.status NOT IN ('success', 'partial', 'failed') OR expected_items < 0 THEN
        RAISE EXCEPTION 'invalid argument of finish_run'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = CASE WHEN expected_items < 0 THEN 'Argument expected_items: it is negative.'
                                ELSE 'Argument status: it is none of the three known values.' END,
                  HINT = 'status is ''success'', ''partial'' or ''failed''; expected_items is a count.';
    END IF;

    PERFORM inventory_core._pass_gate(tenant, 'items');
    PERFORM inventory_core._close_gate(tenant, 'run ' || run_id);
    -- The selection before the run, as forget_tenant takes them: what is folded refers to it.
    PERFORM 1 FROM inventory_core.sync_runs AS r
    JOIN inventory_core.selections AS s ON s.tenant_id = r.tenant_id AND s.selection_hash = r.selection_hash
    WHERE r.tenant_id = tenant AND r.run_id = finish_run.run_id
    FOR KEY SHARE OF s;
    -- Waits for the batches that are not committed, keeps later ones out.
    SELECT r.* INTO run FROM inventory_core.sync_runs AS r
    WHERE r.tenant_id = tenant AND r.run_id = finish_run.run_id
    FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM inventory_core._raise_unknown_run();
    ELSIF run.status = 'running' THEN
        SELECT c.observed INTO observed FROM inventory_core._run_counts(tenant, run.run_id) AS c;
        IF finish_run.expected_items > observed THEN
            PERFORM inventory_core._add_error(tenant, run.run_id, 'short_of_expected');
        END IF;
        IF finish_run.expected_items IS DISTINCT FROM observed AND inventory_core._shrank(run, observed) THEN
            PERFORM inventory_core._add_error(tenant, run.run_id, 'shrink_guard');
        END IF;
        PERFORM inventory_core._close_run(run, finish_run.status, finish_run.expected_items);
    ELSIF run.status <> finish_run.status OR run.taken_over THEN
        PERFORM inventory_core._raise_not_running(run.status);
    END IF;

    SELECT v.* INTO result FROM inventory_core.inventory_sync_runs AS v
    WHERE v.tenant_id = tenant AND v.run_id = finish_run.run_id;
    RETURN result;
END
$$;

CREATE OR REPLACE FUNCTION inventory_core._prune(tenant text, finished_until timestamptz, keep_last integer, at_most integer)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    pruned uuid[];
    selections text[];
BEGIN
    SELECT array_agg(p.run_id), array_agg(DISTINCT p.selection_hash) INTO pruned, selections
    FROM inventory_core._prunable_runs(tenant, finished_until, keep_last, at_most) AS p;

    -- Selections before runs, as forget_tenant takes them. What somebody has locked is left for the next time: maintain may
    -- have closed a run before, and holds what forget_tenant waits for.
    selections := ARRAY(SELECT s.selection_hash FROM inventory_core.selections AS s
                        WHERE s.tenant_id = tenant AND s.selection_hash = ANY (selections)
                        ORDER BY s.selection_hash
                        FOR KEY SHARE SKIP LOCKED);
    pruned := ARRAY(SELECT r.run_id FROM inventory_core.sync_runs AS r
                    WHERE r.tenant_id = tenant AND r.run_id = ANY (pruned) AND r.selection_hash = ANY (selections)
                    FOR UPDATE SKIP LOCKED);

    INSERT INTO inventory_core.pruned_runs
        (tenant_id, selection_hash, run_seq, run_id, started_at, status, error_codes)
    SELECT r.tenant_id, r.selection_hash, r.run_seq, r.run_id, r.started_at, r.status,
           ARRAY(SELECT DISTINCT x.error_code FROM inventory_core.sync_errors AS x
                 WHERE x.tenant_id = r.tenant_id AND x.run_id = r.run_id
                 ORDER BY x.error_code)
    FROM inventory_core.sync_runs AS r
    WHERE r.tenant_id = tenant AND r.run_id = ANY (pruned);
    -- Listed from the run on that was the last to see some item; what is older, explain_missing never gets to.
    WITH listed_from AS MATERIALIZED (
        SELECT s.selection_hash, min(l.run_seq) AS run_seq
        FROM inventory_core.selections AS s
        LEFT JOIN inventory_core._last_seen_runs(tenant) AS l ON l.selection_hash = s.selection_hash
        WHERE s.tenant_id = tenant
        GROUP BY s.selection_hash)
    DELETE FROM inventory_core.pruned_runs AS p
    USING listed_from AS f
    WHERE p.tenant_id = tenant AND p.selection_hash = f.selection_hash
      AND p.run_seq < coalesce(f.run_seq, p.run_seq + 1);

    DELETE FROM inventory_core.sync_errors AS e WHERE e.tenant_id = tenant AND e.run_id = ANY (pruned);
    DELETE FROM inventory_core.run_changes_bitmaps AS b WHERE b.tenant_id = tenant AND b.run_id = ANY (pruned);
    DELETE FROM inventory_core.sync_runs AS r WHERE r.tenant_id = tenant AND r.run_id = ANY (pruned);
    RETURN cardinality(pruned);
END
$$;

CREATE OR REPLACE FUNCTION inventory_core._check_meta_keys(policy_type text, keys text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    longest integer := (SELECT max(octet_length(k.key)) FROM unnest(keys) AS k (key));
BEGIN
    PERFORM inventory_core._require('policy_type', policy_type IS NOT NULL);
    PERFORM inventory_core._require('keys', keys IS NOT NULL AND NOT EXISTS (
        SELECT FROM unnest(keys) AS k (key) WHERE k.key IS NULL));
    IF octet_length(policy_type) NOT BETWEEN 1 AND 200 THEN
        RAISE EXCEPTION 'invalid policy type'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('It has %s bytes.', octet_length(policy_type)),
                  HINT = 'A policy type has 1 to 200 bytes; * means every type.';
    END IF;
    IF longest > 2000 THEN
        RAISE EXCEPTION 'invalid key of meta'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('A key has %s bytes.', longest),
                  HINT = 'A key that is on the whitelist has at most 2000 bytes.';
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION inventory_core.forget_tenant(tenant text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    running uuid;
    forgotten bigint;
    tries integer := 0;
BEGIN
    PERFORM inventory_core._begin_write(tenant, 'maintainer');
    -- From here on batches pause and starts are refused, or where they always overlap they would never let us in.
    PERFORM inventory_core._close_gate(tenant, 'items');
    PERFORM inventory_core._mark_open_start(tenant, 0);
    LOOP
        BEGIN
            -- Starts are kept out by the row * and those of their selections, batches and finishes by those of their runs;
            -- in the order in which they take these rows and that of the tenant themselves.
            PERFORM 1 FROM inventory_core.selections AS s
            WHERE s.tenant_id = tenant AND s.selection_hash = '*'
            FOR UPDATE;
            PERFORM 1 FROM inventory_core.selections AS s
            WHERE s.tenant_id = tenant AND s.selection_hash <> '*'
            ORDER BY s.selection_hash
            FOR UPDATE;
            PERFORM 1 FROM inventory_core.sync_runs AS r
            WHERE r.tenant_id = tenant AND r.status = 'running'
            ORDER BY r.run_id
            FOR UPDATE;
            -- Ended, so that their slots are free at once.
            FOR running IN
                SELECT r.run_id FROM inventory_core.sync_runs AS r WHERE r.tenant_id = tenant AND r.status = 'running'
            LOOP
                PERFORM inventory_core.finish_run(tenant, running, 'failed');
            END LOOP;
            PERFORM 1 FROM inventory_core.tenants AS t WHERE t.tenant_id = tenant FOR UPDATE;

            DELETE FROM inventory_core.run_parts AS p WHERE p.tenant_id = tenant;
            DELETE FROM inventory_core.last_seen AS l WHERE l.tenant_id = tenant;
            DELETE FROM inventory_core.run_changes_bitmaps AS b WHERE b.tenant_id = tenant;
            DELETE FROM inventory_core.sync_errors AS e WHERE e.tenant_id = tenant;
            DELETE FROM inventory_core.sync_runs AS r WHERE r.tenant_id = tenant;
            DELETE FROM inventory_core.pruned_runs AS p WHERE p.tenant_id = tenant;
            DELETE FROM inventory_core.refusals AS f WHERE f.tenant_id = tenant;
            DELETE FROM inventory_core.open_starts AS o WHERE o.tenant_id = tenant;
            DELETE FROM inventory_core.selections AS s WHERE s.tenant_id = tenant;
            DELETE FROM inventory_core.cooldowns AS c WHERE c.tenant_id = tenant;
            DELETE FROM inventory_core.items AS i WHERE i.tenant_id = tenant;
            GET DIAGNOSTICS forgotten = ROW_COUNT;
            DELETE FROM inventory_core.tenants AS t WHERE t.tenant_id = tenant;
            EXIT;
        EXCEPTION
            -- A start that came before there was a row * has been committed meanwhile: once more, with what it wrote.
            WHEN foreign_key_violation THEN
                tries := tries + 1;
                IF tries >= 10 THEN
                    RAISE;
                END IF;
        END;
    END LOOP;
    -- Who may do what is the owner's: a maintainer leaves it as it is.
    IF has_function_privilege('inventory_core.revoke_access(regrole, text)', 'EXECUTE') THEN
        PERFORM inventory_core._revoke_tenant(tenant);
    END IF;
    RETURN forgotten;
END
$$;
