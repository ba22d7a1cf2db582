CREATE FUNCTION inventory_core_internal._tenant_limit(tenant text) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce((SELECT t.max_running_runs FROM inventory_core_internal.tenants AS t WHERE t.tenant_id = tenant),
                    inventory_core_internal._max_running_runs_per_tenant());
END;
COMMENT ON FUNCTION inventory_core_internal._tenant_limit(text) IS 'How many runs of a tenant may run at once; -1 means any number';

CREATE FUNCTION inventory_core_internal._tenant_slots(tenant text) RETURNS SETOF integer
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- A run without a number among the allowed ones (the limit was lowered since, or there was none) takes
    -- one off the top: so two starters can never both count on the same room.
    WITH running AS (
        SELECT r.tenant_slot
        FROM inventory_core_internal.sync_runs AS r
        WHERE r.tenant_id = tenant AND r.status = 'running'
    ), room AS (
        SELECT l.max_runs - (SELECT count(*) FROM running AS r
                             WHERE coalesce(r.tenant_slot > l.max_runs, true))::integer AS last_slot
        FROM (SELECT inventory_core_internal._tenant_limit(tenant)) AS l (max_runs)
    )
    SELECT g.slot
    FROM room
    CROSS JOIN LATERAL generate_series(1, room.last_slot) AS g (slot)
    WHERE NOT EXISTS (SELECT FROM running AS r WHERE r.tenant_slot = g.slot)
    ORDER BY g.slot;
END;
COMMENT ON FUNCTION inventory_core_internal._tenant_slots(text) IS 'The free numbers among the running runs of a tenant';

CREATE FUNCTION inventory_core_internal._share_limit(tenant text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM 1 FROM inventory_core_internal.selections AS s
    WHERE s.tenant_id = tenant AND s.selection_hash = '*'
    FOR KEY SHARE;
    IF NOT FOUND THEN
        BEGIN
            INSERT INTO inventory_core_internal.selections (tenant_id, selection_hash) VALUES (tenant, '*') ON CONFLICT DO NOTHING;
        EXCEPTION
            -- The first start of a tenant is in the middle, and makes the row.
            WHEN lock_not_available THEN
                RETURN;
        END;
        PERFORM 1 FROM inventory_core_internal.selections AS s
        WHERE s.tenant_id = tenant AND s.selection_hash = '*'
        FOR KEY SHARE;
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._share_limit(text) IS
    'Has forget_tenant wait for the caller, so that no start in the middle escapes it';

CREATE FUNCTION inventory_core_internal._mark_open_start(tenant text, slot_no integer) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    INSERT INTO inventory_core_internal.open_starts (tenant_id, slot_no) VALUES (tenant, _mark_open_start.slot_no);
    DELETE FROM inventory_core_internal.open_starts AS o
    WHERE o.tenant_id = tenant AND o.slot_no = _mark_open_start.slot_no;
END;
COMMENT ON FUNCTION inventory_core_internal._mark_open_start(text, integer) IS
    'Lets others learn of a start that is not committed yet, from the slot that it holds';

CREATE FUNCTION inventory_core_internal._is_open_start(tenant text, slot_no integer) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '5ms'
AS $$
BEGIN
    INSERT INTO inventory_core_internal.open_starts (tenant_id, slot_no) VALUES (tenant, slot_no);
    PERFORM inventory_core_internal._release_locks();
EXCEPTION
    WHEN triggered_action_exception THEN
        RETURN false;
    WHEN lock_not_available THEN
        RETURN true;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._is_open_start(text, integer) IS
    'Whether a slot is held by a start in the middle of this tenant';

CREATE FUNCTION inventory_core_internal._is_being_forgotten(tenant text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- A gate that is closed, by a stranger perhaps, is the occasion to look and no more.
    IF NOT pg_try_advisory_xact_lock_shared(inventory_core.selection_lock_key(tenant, 'items')) THEN
        RETURN inventory_core_internal._is_open_start(tenant, 0);
    END IF;
    PERFORM inventory_core_internal._release_locks();
EXCEPTION
    WHEN triggered_action_exception THEN
        RETURN false;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._is_being_forgotten(text) IS
    'Whether forget_tenant is in the middle, or waits for starts in the middle: it marks the slot 0, which no start has';

CREATE FUNCTION inventory_core_internal._choose_tenant_slot(
    tenant text, tries integer, OUT slot integer, OUT is_contended boolean, OUT is_reached boolean)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    candidates integer[];
BEGIN
    is_contended := false;
    is_reached := false;
    IF inventory_core_internal._is_being_forgotten(tenant) THEN
        is_reached := true;
        RETURN;
    END IF;
    BEGIN
        PERFORM inventory_core_internal._share_limit(tenant);
    EXCEPTION
        -- The tenant is being forgotten.
        WHEN lock_not_available THEN
            is_reached := true;
            RETURN;
    END;
    IF inventory_core_internal._tenant_limit(tenant) < 0 THEN
        RETURN;
    END IF;
    candidates := ARRAY(SELECT inventory_core_internal._tenant_slots(tenant));
    IF candidates = '{}' THEN
        BEGIN
            PERFORM inventory_core_internal._reap(tenant);
            candidates := ARRAY(SELECT inventory_core_internal._tenant_slots(tenant));
        EXCEPTION
            -- Items of the tenant are being forgotten: the expired runs wait for the next start.
            WHEN lock_not_available THEN
                NULL;
        END;
    END IF;
    is_reached := candidates = '{}';
    -- The lock keeps starters of one tenant from choosing the same number and waiting for each other; the
    -- unique index decides.
    FOREACH slot IN ARRAY candidates LOOP
        IF pg_try_advisory_xact_lock(inventory_core.selection_lock_key(tenant, 'tenant slot ' || slot)) THEN
            RETURN;
        END IF;
    END LOOP;
    -- Somebody has all the keys, perhaps a stranger: one number after the other, and a few are enough to answer at once.
    slot := candidates[least(tries, 10)];
    is_contended := slot IS NOT NULL;
    is_reached := is_reached OR NOT is_contended;
    IF is_contended THEN
        PERFORM set_config('lock_timeout', '5ms', true);
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._choose_tenant_slot(text, integer) IS
    'A free number for a new run of a tenant; NULL where it has no limit, or where that is reached';

CREATE FUNCTION inventory_core_internal._exceeds_tenant_limit(run inventory_core_internal.sync_runs, own_slot integer) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    max_runs integer := inventory_core_internal._tenant_limit(run.tenant_id);
    candidate integer;
    candidates integer[];
    open_slots integer[] := '{}';
    running integer;
BEGIN
    IF max_runs < 0 THEN
        RETURN false;
    END IF;
    -- A start in the middle holds a slot that looks free or expired: its xmax is on the row. One statement, one snapshot:
    -- whoever commits meanwhile is in one of the two.
    SELECT (SELECT count(*) FROM inventory_core_internal.sync_runs AS r
            WHERE r.tenant_id = run.tenant_id AND r.status = 'running' AND r.run_id <> run.run_id),
           ARRAY(SELECT s.slot_no FROM inventory_core_internal.run_slots AS s
                 WHERE s.xmax <> 0 AND s.slot_no IS DISTINCT FROM own_slot
                   AND (s.run_id IS NULL OR s.expires_at <= inventory_core_internal._now())
                 ORDER BY s.slot_no)
    INTO running, candidates;
    -- Nearly always there is room whosever these are.
    IF running + cardinality(candidates) < max_runs THEN
        RETURN false;
    END IF;
    FOREACH candidate IN ARRAY candidates LOOP
        IF inventory_core_internal._is_open_start(run.tenant_id, candidate) THEN
            open_slots := open_slots || candidate;
        END IF;
        -- So many are enough to answer at once.
        EXIT WHEN cardinality(open_slots) >= 20;
    END LOOP;
    -- Those that have been committed since are running, and count once.
    SELECT count(*) INTO running
    FROM (SELECT r.run_id FROM inventory_core_internal.sync_runs AS r
          WHERE r.tenant_id = run.tenant_id AND r.status = 'running' AND r.run_id <> run.run_id
          UNION ALL
          SELECT NULL FROM unnest(open_slots) AS o (slot_no)
          WHERE NOT EXISTS (SELECT FROM inventory_core_internal.run_slots AS s
                            JOIN inventory_core_internal.sync_runs AS r ON r.run_id = s.run_id
                            WHERE s.slot_no = o.slot_no AND r.tenant_id = run.tenant_id AND r.status = 'running')) AS others;
    RETURN running >= max_runs;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._exceeds_tenant_limit(inventory_core_internal.sync_runs, integer) IS
    'Whether others of the tenant fill its limit without this run: running ones, and starts in the middle, which may '
    'have begun under a higher limit';
