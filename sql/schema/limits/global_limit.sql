-- The limit over all tenants: which slot a run gets, and how it keeps it.

CREATE FUNCTION inventory_core_internal._taken_beyond(max_runs integer) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    taken integer;
BEGIN
    -- A free slot that somebody has in his hands is being taken by a start that is not committed yet: his xmax is on
    -- the row. Where he is gone again, or where the run is dead, the row can be locked; only a lock tells that no
    -- sign of life is in the middle.
    SELECT count(*) INTO taken
    FROM inventory_core_internal.run_slots AS s
    WHERE s.slot_no > max_runs AND (s.run_id IS NOT NULL OR s.xmax <> 0);
    IF taken > 0 THEN
        BEGIN
            SELECT taken - count(*) INTO taken
            FROM (SELECT FROM inventory_core_internal.run_slots AS s
                  WHERE s.slot_no > max_runs AND (s.run_id IS NOT NULL OR s.xmax <> 0)
                    AND inventory_core_internal._slot_is_over(s.run_id, s.expires_at)
                  FOR UPDATE SKIP LOCKED) AS free;
            PERFORM inventory_core_internal._release_locks();
        EXCEPTION
            WHEN triggered_action_exception THEN
                NULL;
        END;
    END IF;
    RETURN taken;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._taken_beyond(integer) IS
    'How many slots beyond a limit are taken, by starts in the middle too: the limit was higher when they began';

CREATE FUNCTION inventory_core_internal._try_slot(slot_no integer) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_free boolean;
BEGIN
    -- The lock falls on the newest version of the row, also where that is taken by now and is passed over.
    SELECT inventory_core_internal._slot_is_over(s.run_id, s.expires_at) INTO is_free
    FROM (SELECT t.run_id, t.expires_at FROM inventory_core_internal.run_slots AS t
          WHERE t.slot_no = _try_slot.slot_no
          FOR UPDATE SKIP LOCKED) AS s;
    IF is_free IS NOT TRUE THEN
        PERFORM inventory_core_internal._release_locks();
    END IF;
    RETURN true;
EXCEPTION
    WHEN triggered_action_exception THEN
        RETURN false;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._try_slot(integer) IS
    'Locks a slot where it is free or its run is dead; leaves no lock where it is not';

CREATE FUNCTION inventory_core_internal._choose_run_slot() RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    max_runs integer := inventory_core_internal._max_running_runs();
    slot integer := 0;
BEGIN
    IF max_runs >= 0 THEN
        -- Those beyond a limit that was lowered are off the top of what is left.
        max_runs := greatest(max_runs - inventory_core_internal._taken_beyond(max_runs), 0);
    END IF;
    LOOP
        SELECT s.slot_no INTO slot
        FROM inventory_core_internal.run_slots AS s
        WHERE s.slot_no > slot
          AND (max_runs < 0 OR s.slot_no <= max_runs)
          AND inventory_core_internal._slot_is_over(s.run_id, s.expires_at)
        ORDER BY s.slot_no
        LIMIT 1;
        EXIT WHEN slot IS NULL OR inventory_core_internal._try_slot(slot);
    END LOOP;
    RETURN slot;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._choose_run_slot() IS 'Locks a free slot of the global limit; NULL where it is reached';

CREATE FUNCTION inventory_core_internal._take_slot(slot_no integer, run inventory_core_internal.sync_runs, seen_at timestamptz) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    UPDATE inventory_core_internal.run_slots AS s
    SET run_id = run.run_id, expires_at = inventory_core_internal._slot_end(run, seen_at)
    WHERE s.slot_no = _take_slot.slot_no;
END;
COMMENT ON FUNCTION inventory_core_internal._take_slot(integer, inventory_core_internal.sync_runs, timestamptz) IS
    'Gives a slot that the caller has locked to a run';

CREATE FUNCTION inventory_core_internal._keep_slot(run inventory_core_internal.sync_runs, seen_at timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    max_runs integer := inventory_core_internal._max_running_runs();
    needed_until timestamptz := greatest(run.lease_expires_at, seen_at + run.lease);
    slot integer;
    slot_until timestamptz;
    is_over boolean;
BEGIN
    SELECT s.expires_at INTO slot_until FROM inventory_core_internal.run_slots AS s WHERE s.run_id = run.run_id LIMIT 1;
    is_over := inventory_core_internal._slot_is_over(run.run_id, slot_until);
    -- Shared by the writers of a run. Whoever would take the slot when its end has passed finds it locked; and beyond a
    -- limit that was lowered since, nobody counts an expired one. A start that passes a slot over has it for a moment.
    FOR attempt IN 1 .. CASE WHEN is_over THEN 1 ELSE 20 END LOOP
        SELECT s.slot_no INTO slot
        FROM inventory_core_internal.run_slots AS s
        WHERE s.run_id = run.run_id AND NOT (is_over AND max_runs >= 0 AND s.slot_no > max_runs)
        LIMIT 1
        FOR KEY SHARE SKIP LOCKED;
        EXIT WHEN slot IS NOT NULL OR slot_until IS NULL;
        PERFORM pg_sleep(0.002);
    END LOOP;
    IF slot IS NOT NULL THEN
        IF slot_until < needed_until
           AND NOT EXISTS (SELECT FROM inventory_core_internal.slot_leases AS l
                           WHERE l.run_id = run.run_id AND l.expires_at >= needed_until) THEN
            INSERT INTO inventory_core_internal.slot_leases (run_id, lease_id, expires_at)
            VALUES (run.run_id, gen_random_uuid(), inventory_core_internal._slot_end(run, seen_at));
        END IF;
        RETURN;
    END IF;

    -- It expired and is gone; or the run comes out of a dump.
    UPDATE inventory_core_internal.run_slots AS s SET run_id = NULL, expires_at = NULL
    WHERE s.run_id = run.run_id AND inventory_core_internal._try_slot(s.slot_no);
    slot := inventory_core_internal._choose_run_slot();
    IF slot IS NULL AND max_runs >= 0 THEN
        RAISE EXCEPTION 'run has lost its place'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'Its lease expired, and its place under inventory_core.max_running_runs went to another run.',
                  HINT = 'Nothing of this call was stored. Finish the run with what it has, or try again when others have ended.';
    END IF;
    PERFORM inventory_core_internal._take_slot(slot, run, seen_at);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._keep_slot(inventory_core_internal.sync_runs, timestamptz) IS
    'Keeps the slot of a run that shows life for as long as its lease; parallel writers do not wait here';

CREATE FUNCTION inventory_core_internal._give_slot_back(run_id uuid) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- One that expired may be in the hands of a start of another tenant: it is theirs, and no wait. One that did not
    -- is passed over by a start at most, which has it for a moment.
    FOR attempt IN 1 .. 20 LOOP
        UPDATE inventory_core_internal.run_slots AS s
        SET run_id = NULL, expires_at = NULL
        WHERE s.slot_no = ANY (ARRAY(SELECT o.slot_no FROM inventory_core_internal.run_slots AS o
                                     WHERE o.run_id = _give_slot_back.run_id
                                     FOR UPDATE SKIP LOCKED));
        EXIT WHEN NOT EXISTS (SELECT FROM inventory_core_internal.run_slots AS s
                              WHERE s.run_id = _give_slot_back.run_id
                                AND NOT inventory_core_internal._slot_is_over(s.run_id, s.expires_at));
        PERFORM pg_sleep(0.002);
    END LOOP;
    DELETE FROM inventory_core_internal.slot_leases AS l WHERE l.run_id = _give_slot_back.run_id;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._give_slot_back(uuid) IS 'Frees the slot of a run that ends';
