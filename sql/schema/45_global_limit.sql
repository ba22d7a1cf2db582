-- The limit over all tenants: which slot a run gets, and how it keeps it.

CREATE FUNCTION inventory_core._taken_beyond(max_runs integer) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    expired integer[];
    taken integer;
    doubtful integer[];
    free integer;
BEGIN
    -- The slots of the dead first. Only a row lock tells that no sign of life of theirs is in the middle.
    expired := ARRAY(SELECT s.slot_no FROM inventory_core.run_slots AS s
                     WHERE s.slot_no > max_runs AND s.run_id IS NOT NULL
                       AND inventory_core._slot_is_over(s.run_id, s.expires_at)
                     FOR UPDATE SKIP LOCKED);
    UPDATE inventory_core.run_slots AS s SET run_id = NULL, expires_at = NULL
    WHERE s.slot_no = ANY (expired) AND inventory_core._slot_is_over(s.run_id, s.expires_at);

    -- A free slot that somebody has in his hands is being taken by a start that is not committed yet: his xmax
    -- is on the row. Where he is gone again, the row can be locked.
    SELECT count(*) FILTER (WHERE s.run_id IS NOT NULL),
           coalesce(array_agg(s.slot_no) FILTER (WHERE s.run_id IS NULL AND s.xmax <> 0), '{}')
    INTO taken, doubtful
    FROM inventory_core.run_slots AS s
    WHERE s.slot_no > max_runs;
    SELECT count(*) INTO free
    FROM (SELECT FROM inventory_core.run_slots AS s
          WHERE s.slot_no = ANY (doubtful) AND s.run_id IS NULL
          FOR KEY SHARE SKIP LOCKED) AS locked;
    RETURN taken + cardinality(doubtful) - free;
END
$$;
COMMENT ON FUNCTION inventory_core._taken_beyond(integer) IS
    'How many slots beyond a limit are taken, by starts in the middle too: the limit was higher when they began';

CREATE FUNCTION inventory_core._choose_run_slot() RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    max_runs integer := inventory_core._max_running_runs();
    slot integer := 0;
    is_over boolean;
BEGIN
    IF max_runs >= 0 THEN
        -- Those beyond a limit that was lowered are off the top of what is left.
        max_runs := greatest(max_runs - inventory_core._taken_beyond(max_runs), 0);
    END IF;
    LOOP
        SELECT s.slot_no INTO slot
        FROM inventory_core.run_slots AS s
        WHERE s.slot_no > slot
          AND (max_runs < 0 OR s.slot_no <= max_runs)
          AND inventory_core._slot_is_over(s.run_id, s.expires_at)
        ORDER BY s.slot_no
        LIMIT 1
        FOR UPDATE SKIP LOCKED;
        EXIT WHEN slot IS NULL;
        -- Asked again under the lock, which no sign of life can be in the middle of.
        SELECT inventory_core._slot_is_over(s.run_id, s.expires_at) INTO is_over
        FROM inventory_core.run_slots AS s WHERE s.slot_no = slot;
        EXIT WHEN is_over;
    END LOOP;
    RETURN slot;
END
$$;
COMMENT ON FUNCTION inventory_core._choose_run_slot() IS 'Locks a free slot of the global limit; NULL where it is reached';

CREATE FUNCTION inventory_core._take_slot(slot_no integer, run inventory_core.sync_runs, seen_at timestamptz) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    UPDATE inventory_core.run_slots AS s
    SET run_id = run.run_id, expires_at = inventory_core._slot_end(run, seen_at)
    WHERE s.slot_no = _take_slot.slot_no;
END;
COMMENT ON FUNCTION inventory_core._take_slot(integer, inventory_core.sync_runs, timestamptz) IS
    'Gives a slot that the caller has locked to a run';

CREATE FUNCTION inventory_core._keep_slot(run inventory_core.sync_runs, seen_at timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    max_runs integer := inventory_core._max_running_runs();
    needed_until timestamptz := greatest(run.lease_expires_at, seen_at + run.lease);
    slot integer;
    slot_until timestamptz;
BEGIN
    IF max_runs >= 0 THEN
        -- Beyond a limit that was lowered since, and expired: nobody counts it any more.
        UPDATE inventory_core.run_slots AS s SET run_id = NULL, expires_at = NULL
        WHERE s.run_id = run.run_id AND s.slot_no > max_runs AND inventory_core._slot_is_over(s.run_id, s.expires_at);
    END IF;
    -- Shared by the writers of a run. Whoever would take the slot, because its end has passed, finds it locked.
    SELECT s.slot_no, s.expires_at INTO slot, slot_until
    FROM inventory_core.run_slots AS s
    WHERE s.run_id = run.run_id
    LIMIT 1
    FOR KEY SHARE SKIP LOCKED;
    IF slot IS NOT NULL THEN
        IF slot_until < needed_until
           AND NOT EXISTS (SELECT FROM inventory_core.slot_leases AS l
                           WHERE l.run_id = run.run_id AND l.expires_at >= needed_until) THEN
            INSERT INTO inventory_core.slot_leases (run_id, lease_id, expires_at)
            VALUES (run.run_id, gen_random_uuid(), inventory_core._slot_end(run, seen_at));
        END IF;
        RETURN;
    END IF;

    -- It expired and is gone; or the run comes out of a dump.
    slot := inventory_core._choose_run_slot();
    IF slot IS NULL AND max_runs >= 0 THEN
        RAISE EXCEPTION 'run has lost its place'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'Its lease expired, and its place under inventory_core.max_running_runs went to another run.',
                  HINT = 'Nothing of this call was stored. Finish the run with what it has, or try again when others have ended.';
    END IF;
    PERFORM inventory_core._take_slot(slot, run, seen_at);
END
$$;
COMMENT ON FUNCTION inventory_core._keep_slot(inventory_core.sync_runs, timestamptz) IS
    'Keeps the slot of a run that shows life for as long as its lease; parallel writers do not wait here';
