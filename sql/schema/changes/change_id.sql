-- A change_id is opaque to callers: number, entry, change and item. The changes of a run are told in the order of the array
-- below; 9 stands for the end of an entry.

CREATE FUNCTION inventory_core_internal._changes() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{added,changed,reappeared,missing}'::text[];
COMMENT ON FUNCTION inventory_core_internal._changes() IS 'The changes of runs in the order in which they are told';

CREATE FUNCTION inventory_core_internal._change_id(feed_no bigint, entry_id uuid, change_no integer, item_id bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN feed_no::text || '.' || replace(entry_id::text, '-', '') || '.' || change_no::text || '.' || item_id::text;
COMMENT ON FUNCTION inventory_core_internal._change_id(bigint, uuid, integer, bigint) IS 'The change_id of a change';

CREATE FUNCTION inventory_core_internal._raise_bad_change_id(detail text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'the feed cannot continue after this change'
        USING ERRCODE = 'invalid_parameter_value',
              DETAIL = detail,
              HINT = 'Take the catalogue anew: in one REPEATABLE READ transaction store what inventory_core.feed_end(tenant) returns '
                     'and what inventory_core.present_items(tenant, selection_hash) lists, then continue after that change_id.';
END
$$;
COMMENT ON FUNCTION inventory_core_internal._raise_bad_change_id(text) IS
    'Raises 22023 for a change_id that the feed cannot continue after, with the remedy';

CREATE FUNCTION inventory_core_internal._read_change_id(
    tenant text, after text, OUT feed_no bigint, OUT change_no integer, OUT item_id bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    parts text[] := regexp_match(after, '^([0-9]{1,18})\.([0-9a-f]{32})\.([0-9])\.([0-9]{1,18})$');
    pruned inventory_core_internal.feed_pruned;
    wanted uuid;
    found_entry uuid;
BEGIN
    SELECT p.* INTO pruned FROM inventory_core_internal.feed_pruned AS p WHERE p.tenant_id = tenant;
    IF after IS NULL THEN
        IF pruned.feed_no IS NOT NULL THEN
            PERFORM inventory_core_internal._raise_bad_change_id('Earlier changes were pruned; NULL asks for all of them.');
        END IF;
        feed_no := 0;
        change_no := 0;
        item_id := 0;
        RETURN;
    END IF;
    IF parts IS NULL THEN
        PERFORM inventory_core_internal._raise_bad_change_id('Argument after: it is not a change_id.');
    END IF;
    feed_no := parts[1]::bigint;
    wanted := parts[2]::uuid;
    change_no := parts[3]::integer;
    item_id := parts[4]::bigint;
    IF feed_no < pruned.feed_no THEN
        PERFORM inventory_core_internal._raise_bad_change_id('Later changes were pruned by prune_runs.');
    END IF;
    IF feed_no = pruned.feed_no THEN
        found_entry := pruned.entry_id;
    ELSE
        SELECT e.entry_id INTO found_entry FROM inventory_core_internal.feed_entries AS e
        WHERE e.tenant_id = tenant AND e.feed_no = _read_change_id.feed_no;
    END IF;
    IF wanted IS DISTINCT FROM found_entry THEN
        PERFORM inventory_core_internal._raise_bad_change_id(
            'It is not from this feed: a dump was restored since, or the tenant was forgotten and began anew.');
    END IF;
    IF feed_no = pruned.feed_no AND (change_no, item_id) < (pruned.change_no, pruned.item_id) THEN
        PERFORM inventory_core_internal._raise_bad_change_id('Later changes were pruned by prune_runs.');
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._read_change_id(text, text) IS
    'The place of a change_id in the feed; raises 22023 if it is from another life of the feed, or pruned';
