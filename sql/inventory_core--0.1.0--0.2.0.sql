-- From 0.1.0 to 0.2.0: a batch whose items are all new is not looked up in vain, and a batch is copied less often.
-- (The tables stay as they are.)
\echo Use "ALTER EXTENSION inventory_core UPDATE TO '0.2.0'" to load this file. \quit

DROP FUNCTION IF EXISTS inventory_core._find_items(text, bigint[], bigint[], text[], bigint[], bigint[], bigint);
DROP FUNCTION IF EXISTS inventory_core._read_items(text, text[], text[], text);
DROP FUNCTION IF EXISTS inventory_core._item_texts(text, text[], text[], integer[], integer[], integer[]);

-- The two that read a batch take it as json, which is a text for the library: a cast to text would copy it twice.
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
COMMENT ON FUNCTION inventory_core._item_texts(json, text[], text[], integer[], integer[], integer[]) IS
    'What to store of some items of a batch, by their positions in _read_items';

-- The statements are planned once a session, often while the table is empty: what is cheapest then would later read all
-- of it. (Where row-level security holds, plans use the indexes anyway.)
CREATE OR REPLACE FUNCTION inventory_core._find_items(
    tenant text, key_highs bigint[], key_lows bigint[], external_ids text[], name_digests bigint[], meta_digests bigint[],
    young_from bigint, may_guess boolean)
RETURNS TABLE (new_positions integer[], changed_positions integer[], changed_ids bigint[], unchanged_ids bigint[],
               young_ids bigint[], is_guess boolean)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
    sample_every CONSTANT integer := 64;
    samples_for_a_guess CONSTANT integer := 8;
    sample_ids bigint[];
    near record;
    far record;
    found record;
BEGIN
    sample_ids := ARRAY(
        SELECT k.item_id
        FROM generate_series(1, cardinality(external_ids) + sample_every - 1, sample_every) AS s (position)
        CROSS JOIN LATERAL (SELECT i.item_id
                            FROM inventory_core.items AS i
                            WHERE i.tenant_id = tenant
                              AND i.external_id = external_ids[least(s.position, cardinality(external_ids))]
                              AND i.key_high = key_highs[least(s.position, cardinality(external_ids))]
                            OFFSET 0) AS k
        ORDER BY s.position);
    IF may_guess AND sample_ids = '{}' AND cardinality(external_ids) > (samples_for_a_guess - 1) * sample_every THEN
        RETURN QUERY
        SELECT ARRAY(SELECT generate_series(1, cardinality(external_ids))), NULL::integer[], NULL::bigint[], NULL::bigint[],
               NULL::bigint[], true;
        RETURN;
    END IF;

    -- Where two samples that follow each other have ids that are near, so have most of the items between them.
    SELECT array_agg(i.item_id) AS ids, array_agg(i.key_high) AS key_highs, array_agg(i.key_low) AS key_lows,
           array_agg(i.name_digest) AS name_digests, array_agg(i.meta_digest) AS meta_digests
    INTO near
    FROM (SELECT s.item_id, lead(s.item_id) OVER (ORDER BY s.nth) AS next_id
          FROM unnest(sample_ids) WITH ORDINALITY AS s (item_id, nth)) AS a
    CROSS JOIN LATERAL (SELECT i.item_id, i.key_high, i.key_low, i.name_digest, i.meta_digest
                        FROM inventory_core.items AS i
                        WHERE i.tenant_id = tenant
                          AND i.item_id BETWEEN least(a.item_id, a.next_id) AND greatest(a.item_id, a.next_id)
                        OFFSET 0) AS i
    WHERE abs(a.next_id - a.item_id) <= 2 * sample_every;

    SELECT c.* INTO found
    FROM inventory_core._compare_items(
        key_highs, key_lows, external_ids, name_digests, meta_digests,
        near.ids, near.key_highs, near.key_lows, near.name_digests, near.meta_digests, young_from) AS c;

    IF found.new_external_ids IS NOT NULL THEN
        SELECT array_agg(i.item_id) AS ids, array_agg(i.key_high) AS key_highs, array_agg(i.key_low) AS key_lows,
               array_agg(i.name_digest) AS name_digests, array_agg(i.meta_digest) AS meta_digests
        INTO far
        FROM inventory_core.items AS i
        WHERE i.tenant_id = tenant AND i.external_id = ANY (found.new_external_ids);

        IF far.ids IS NOT NULL THEN
            SELECT c.* INTO found
            FROM inventory_core._compare_items(
                key_highs, key_lows, external_ids, name_digests, meta_digests,
                near.ids || far.ids, near.key_highs || far.key_highs, near.key_lows || far.key_lows,
                near.name_digests || far.name_digests, near.meta_digests || far.meta_digests, young_from) AS c;
        END IF;
    END IF;
    RETURN QUERY
    SELECT found.new_positions, found.changed_positions, found.changed_ids, found.unchanged_ids, found.young_ids, false;
END
$$;
COMMENT ON FUNCTION inventory_core._find_items(text, bigint[], bigint[], text[], bigint[], bigint[], bigint, boolean) IS
    'Which items of a batch are new, changed, unchanged, and younger than the run; or, as a guess from samples, that all are new';

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
    may_guess boolean := true;
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

    -- forget_items waits for us, or we for it: no item that the probe finds can go away.
    next_id := inventory_core._share_tenant(tenant);
    LOOP
        SELECT p.* INTO probe
        FROM inventory_core._find_items(tenant, batch.key_highs, batch.key_lows, batch.external_ids, batch.name_digests,
                                        batch.meta_digests, run.first_new_item_id, may_guess) AS p;
        EXIT WHEN probe.new_positions IS NULL;
        -- Batches with new items take the counter in turn. Where it has moved, items came since we looked.
        next_id_before := next_id;
        SELECT t.next_item_id INTO next_id
        FROM inventory_core.tenants AS t
        WHERE t.tenant_id = tenant
        FOR NO KEY UPDATE;
        CONTINUE WHEN next_id <> next_id_before;
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
            UPDATE inventory_core.tenants AS t
            SET next_item_id = next_id + cardinality(probe.new_positions)
            WHERE t.tenant_id = tenant;
            inserted_ids := ARRAY(SELECT generate_series(next_id, next_id + cardinality(probe.new_positions) - 1));
            EXIT;
        EXCEPTION WHEN unique_violation THEN
            -- One of them is known after all: what was written is taken back.
            IF NOT probe.is_guess THEN
                RAISE;
            END IF;
            may_guess := false;
        END;
    END LOOP;

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
    PERFORM inventory_core._record_rejected(tenant, run_id, batch.rejected_types);

    RETURN QUERY
    SELECT cardinality(batch.key_highs), cardinality(inserted_ids), cardinality(updated_ids),
           coalesce(cardinality(probe.unchanged_ids), 0), batch.duplicates, batch.rejected, batch.dropped_meta_keys;
END
$$;

-- What is new is for nobody but the roles that were granted access: as grant_access gives it.
REVOKE ALL ON FUNCTION
    inventory_core._read_items(json, text[], text[], text),
    inventory_core._item_texts(json, text[], text[], integer[], integer[], integer[]),
    inventory_core._find_items(text, bigint[], bigint[], text[], bigint[], bigint[], bigint, boolean)
    FROM PUBLIC;
LOCK TABLE inventory_core.tenant_grants IN SHARE ROW EXCLUSIVE MODE;
DO $$
DECLARE
    role record;
BEGIN
    FOR role IN SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE inventory_core._strongest_access(r.oid) IS NOT NULL LOOP
        PERFORM inventory_core._apply_grants(role.oid);
    END LOOP;
END
$$;
