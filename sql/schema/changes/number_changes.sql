-- Who gives out numbers holds the items of the tenant, shared or alone, and then the lock feed until the transaction ends. So
-- who holds the items alone never waits for that lock. Everyone else only tries it, except forget_selection and
-- replace_selection.

CREATE FUNCTION inventory_core_internal._add_to_feed(tenant text, entry_ids uuid[], event text DEFAULT NULL,
    selection_hash text DEFAULT NULL, external_id text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    last_given bigint;
BEGIN
    INSERT INTO inventory_core_internal.feeds AS f (tenant_id, last_no, last_entry)
    VALUES (tenant, cardinality(entry_ids), entry_ids[cardinality(entry_ids)])
    ON CONFLICT ON CONSTRAINT feeds_pkey DO UPDATE
    SET last_no = f.last_no + excluded.last_no, last_entry = excluded.last_entry
    RETURNING f.last_no INTO last_given;
    INSERT INTO inventory_core_internal.feed_entries
        (tenant_id, feed_no, entry_id, event, selection_hash, external_id, changed_at)
    SELECT tenant, last_given - cardinality(entry_ids) + e.nth, e.entry_id, _add_to_feed.event, _add_to_feed.selection_hash,
           _add_to_feed.external_id, CASE WHEN _add_to_feed.event IS NOT NULL THEN inventory_core_internal._now() END
    FROM unnest(entry_ids) WITH ORDINALITY AS e (entry_id, nth);
    RETURN last_given;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._add_to_feed(text, uuid[], text, text, text) IS
    'Gives the next numbers to runs, or to an event, and returns the last of them; the caller holds the lock feed';

CREATE FUNCTION inventory_core_internal._number_waiting(tenant text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    run_ids uuid[];
BEGIN
    WITH numbered AS (
        DELETE FROM inventory_core_internal.feed_waiting AS w
        WHERE w.tenant_id = tenant
        RETURNING w.run_id)
    -- a selection's runs in their order
    SELECT array_agg(r.run_id ORDER BY r.start_no, r.run_seq, r.run_id) INTO run_ids
    FROM numbered AS n
    CROSS JOIN LATERAL (SELECT r.run_id, r.start_no, r.run_seq FROM inventory_core_internal.sync_runs AS r
                        WHERE r.tenant_id = tenant AND r.run_id = n.run_id
                        OFFSET 0) AS r;
    IF run_ids IS NOT NULL THEN
        PERFORM inventory_core_internal._add_to_feed(tenant, run_ids);
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._number_waiting(text) IS
    'Numbers the runs that wait for a number; the caller holds the lock feed';

CREATE FUNCTION inventory_core_internal._try_number_waiting(tenant text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM inventory_core_internal.feed_waiting AS w WHERE w.tenant_id = tenant)
       AND inventory_core_internal._try_lock('feed', '') THEN
        PERFORM inventory_core_internal._number_waiting(tenant);
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._try_number_waiting(text) IS
    'Numbers the runs that wait for a number, unless another transaction does so; the caller holds the items';

CREATE FUNCTION inventory_core_internal._number_run(tenant text, run_id uuid) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF inventory_core_internal._try_lock('feed', '') THEN
        PERFORM inventory_core_internal._number_waiting(tenant);
        PERFORM inventory_core_internal._add_to_feed(tenant, ARRAY[run_id]);
    ELSE
        INSERT INTO inventory_core_internal.feed_waiting (tenant_id, run_id) VALUES (tenant, _number_run.run_id);
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._number_run(text, uuid) IS
    'Numbers what waits and then an ending run, or lets that run wait; never waits itself; the caller holds the items';

CREATE FUNCTION inventory_core_internal._add_event(
    tenant text, event text, item_ids bigint[], selection_hash text DEFAULT NULL, external_id text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    number bigint;
BEGIN
    PERFORM inventory_core_internal._lock('feed', '');
    PERFORM inventory_core_internal._number_waiting(tenant);
    number := inventory_core_internal._add_to_feed(tenant, ARRAY[gen_random_uuid()], event, selection_hash, external_id);
    INSERT INTO inventory_core_internal.feed_items (tenant_id, feed_no, chunk, item_ids)
    SELECT tenant, number, c.chunk, c.item_ids
    FROM inventory_core_internal._bitmap_chunks(_add_event.item_ids) AS c;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._add_event(text, text, bigint[], text, text) IS
    'Numbers what waits and then an event, of some items or of none (NULL); waits for who gives out numbers';
