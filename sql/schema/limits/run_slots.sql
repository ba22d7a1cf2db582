-- The limit over all tenants. One slot for each run that may run at once in this database. A start only tries the lock of a
-- free slot, so it never waits, and no race gives a slot to two runs. A slot expires half a lease after the lease of its run,
-- and is free then. It names no tenant. pg_dump leaves it out: a restored run takes a slot with its next sign of life.
CREATE TABLE inventory_core_internal.run_slots (
    slot_no    integer NOT NULL,
    holder     bytea,
    expires_at timestamptz,
    CONSTRAINT run_slots_pkey PRIMARY KEY (slot_no),
    CONSTRAINT run_slots_one_slot_a_run UNIQUE (holder),
    CONSTRAINT run_slots_slot_no_is_one_of_them CHECK (slot_no BETWEEN 1 AND 1024),
    CONSTRAINT run_slots_taken_has_an_end CHECK ((holder IS NULL) = (expires_at IS NULL))
) WITH (fillfactor = 20);
COMMENT ON TABLE inventory_core_internal.run_slots IS 'Which run holds which slot of the limit over all tenants';
COMMENT ON COLUMN inventory_core_internal.run_slots.slot_no IS
    '1 to 1,024; the setting max_running_runs says how many of them count';
COMMENT ON COLUMN inventory_core_internal.run_slots.holder IS 'Hash of tenant and run; NULL where the slot is free';
COMMENT ON COLUMN inventory_core_internal.run_slots.expires_at IS 'From this time on the slot is free';
CREATE INDEX run_slots_taken ON inventory_core_internal.run_slots (slot_no, expires_at) WHERE holder IS NOT NULL;
COMMENT ON INDEX inventory_core_internal.run_slots_taken IS 'Finds the taken slots without reading the free ones';
INSERT INTO inventory_core_internal.run_slots (slot_no) SELECT generate_series(1, 1024);

-- PL/pgSQL, so that it is planned once per session.
CREATE FUNCTION inventory_core_internal._may_hold_slot(holder bytea, expires_at timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant CONSTANT text := inventory_core_internal._writable_tenant('writer');
BEGIN
    RETURN EXISTS (SELECT FROM inventory_core_internal.sync_runs AS r
                   WHERE r.tenant_id = tenant AND r.status = 'running'
                     AND inventory_core_internal._slot_holder(r.tenant_id, r.run_id) = _may_hold_slot.holder
                     AND (_may_hold_slot.expires_at IS NULL
                          OR _may_hold_slot.expires_at <= inventory_core_internal._now() + r.lease * 1.5));
END
$$;
COMMENT ON FUNCTION inventory_core_internal._may_hold_slot(bytea, timestamptz) IS
    'Whether the holder is a running run of the bound tenant that may hold a slot until then; for the policies of run_slots';

-- A slot may be written if it is free, expired, or held by a running run of the bound tenant. Afterwards it must be free, or
-- held by such a run for at most a lease and a half.
ALTER TABLE inventory_core_internal.run_slots ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY all_slots ON inventory_core_internal.run_slots FOR SELECT USING (true);
COMMENT ON POLICY all_slots ON inventory_core_internal.run_slots IS 'Slots name no tenant, so every reader sees all of them';
CREATE POLICY any_slot ON inventory_core_internal.run_slots FOR UPDATE USING (true);
COMMENT ON POLICY any_slot ON inventory_core_internal.run_slots IS 'Leaves the decision to the restriction free_or_own_slots';
CREATE POLICY free_or_own_slots ON inventory_core_internal.run_slots AS RESTRICTIVE FOR UPDATE
    USING ((SELECT inventory_core_internal._writable_tenant('writer')) IS NOT NULL
           AND (holder IS NULL OR expires_at <= inventory_core_internal._now()
                OR inventory_core_internal._may_hold_slot(holder, NULL)))
    WITH CHECK (holder IS NULL OR inventory_core_internal._may_hold_slot(holder, expires_at));
COMMENT ON POLICY free_or_own_slots ON inventory_core_internal.run_slots IS
    'Free slots may be taken for a running run of the bound tenant; its own slots may be freed';
SELECT inventory_core_internal._collect_no_statistics('inventory_core_internal.run_slots');

-- Which slot may be taken follows from the taken ones, as for the numbers of a tenant. A start holds a lock that no SQL
-- statement can take. A row lock alone could hit a slot that was taken since the statement's snapshot, and the run that
-- holds it could not free it.
CREATE FUNCTION inventory_core_internal._lock_free_slot(now timestamptz) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- Without a limit a run takes a slot if one is free, so that it counts when a limit is set.
    max_runs CONSTANT integer := coalesce(nullif(inventory_core_internal._max_running_runs(), -1), 1024);
    taken CONSTANT integer[] := ARRAY(SELECT s.slot_no FROM inventory_core_internal.run_slots AS s
                                      WHERE s.holder IS NOT NULL AND s.expires_at > now);
    slot integer := inventory_core_internal._free_number(taken, 0, max_runs);
BEGIN
    WHILE slot IS NOT NULL LOOP
        IF inventory_core_internal._try_lock_slot(slot) THEN
            -- Read again under the lock. The row is locked too, because its last holder may be freeing it.
            PERFORM FROM inventory_core_internal.run_slots AS s
            WHERE s.slot_no = slot AND (s.holder IS NULL OR s.expires_at <= now)
            FOR UPDATE SKIP LOCKED;
            EXIT WHEN FOUND;
            PERFORM inventory_core_internal._unlock_slot(slot);
        END IF;
        slot := inventory_core_internal._free_number(taken, slot, max_runs);
    END LOOP;
    RETURN slot;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._lock_free_slot(timestamptz) IS
    'Locks a free slot of the limit over all tenants; NULL if the limit is reached';

CREATE FUNCTION inventory_core_internal._keep_slot(run inventory_core_internal.sync_runs, now timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    own CONSTANT bytea := inventory_core_internal._slot_holder(run.tenant_id, run.run_id);
    slot integer;
    slot_until timestamptz;
    new_end CONSTANT timestamptz := now + run.lease * 1.5;
BEGIN
    SELECT s.expires_at INTO slot_until FROM inventory_core_internal.run_slots AS s WHERE s.holder = own;
    IF slot_until > now + run.lease THEN
        RETURN;
    END IF;
    -- Skipped if another call of the same run is doing it.
    UPDATE inventory_core_internal.run_slots AS s SET expires_at = new_end
    WHERE s.slot_no = (SELECT o.slot_no FROM inventory_core_internal.run_slots AS o
                       WHERE o.holder = own AND o.expires_at > now
                       FOR UPDATE SKIP LOCKED);
    IF FOUND OR slot_until > now THEN
        RETURN;
    END IF;

    -- The slot expired, or the run was restored from a dump: a slot is taken as by a start. One call of the run at a time, or two
    -- calls would take a slot each; a call that waited here reads again.
    PERFORM 1 FROM inventory_core_internal.sync_runs AS r
    WHERE r.tenant_id = run.tenant_id AND r.run_id = run.run_id
    FOR NO KEY UPDATE;
    SELECT s.expires_at INTO slot_until FROM inventory_core_internal.run_slots AS s WHERE s.holder = own;
    IF slot_until > now THEN
        RETURN;
    END IF;
    UPDATE inventory_core_internal.run_slots AS s SET holder = NULL, expires_at = NULL
    WHERE s.slot_no = (SELECT o.slot_no FROM inventory_core_internal.run_slots AS o WHERE o.holder = own FOR UPDATE SKIP LOCKED);
    IF FOUND OR slot_until IS NULL THEN
        slot := inventory_core_internal._lock_free_slot(now);
    END IF;
    IF slot IS NULL AND inventory_core_internal._max_running_runs() >= 0 THEN
        RAISE EXCEPTION 'run has lost its place'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'Its lease expired, and its place under inventory_core.max_running_runs went to another run.',
                  HINT = 'This call stored nothing. Finish the run with what it has, or try again when other runs have ended.';
    END IF;
    UPDATE inventory_core_internal.run_slots AS s SET holder = own, expires_at = new_end WHERE s.slot_no = slot;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._keep_slot(inventory_core_internal.sync_runs, timestamptz) IS
    'Prolongs the slot of a run to half a lease after its lease; parallel writers do not wait here';

CREATE FUNCTION inventory_core_internal._give_slot_back(tenant text, run_id uuid) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- If it is locked, it has expired and a start is taking it.
    UPDATE inventory_core_internal.run_slots AS s SET holder = NULL, expires_at = NULL
    WHERE s.slot_no = (SELECT o.slot_no FROM inventory_core_internal.run_slots AS o
                       WHERE o.holder = inventory_core_internal._slot_holder(tenant, _give_slot_back.run_id)
                       FOR UPDATE SKIP LOCKED);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._give_slot_back(text, uuid) IS 'Frees the slot of a run that ends';
