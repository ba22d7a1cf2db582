CREATE FUNCTION inventory_core._tenant_limit(tenant text) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce((SELECT t.max_running_runs FROM inventory_core.tenants AS t WHERE t.tenant_id = tenant),
                    inventory_core._max_running_runs_per_tenant());
END;
COMMENT ON FUNCTION inventory_core._tenant_limit(text) IS 'How many runs of a tenant may run at once; -1 means any number';

CREATE FUNCTION inventory_core._tenant_slots(tenant text) RETURNS SETOF integer
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- A run without a number among the allowed ones (the limit was lowered since, or there was none) takes
    -- one off the top: so two starters can never both count on the same room.
    WITH running AS (
        SELECT r.tenant_slot
        FROM inventory_core.sync_runs AS r
        WHERE r.tenant_id = tenant AND r.status = 'running'
    ), room AS (
        SELECT l.max_runs - (SELECT count(*) FROM running AS r
                             WHERE coalesce(r.tenant_slot > l.max_runs, true))::integer AS last_slot
        FROM (SELECT inventory_core._tenant_limit(tenant)) AS l (max_runs)
    )
    SELECT g.slot
    FROM room
    CROSS JOIN LATERAL generate_series(1, room.last_slot) AS g (slot)
    WHERE NOT EXISTS (SELECT FROM running AS r WHERE r.tenant_slot = g.slot)
    ORDER BY g.slot;
END;
COMMENT ON FUNCTION inventory_core._tenant_slots(text) IS 'The free numbers among the running runs of a tenant';

CREATE FUNCTION inventory_core._share_limit(tenant text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM 1 FROM inventory_core.selections AS s
    WHERE s.tenant_id = tenant AND s.selection_hash = '*'
    FOR KEY SHARE;
    IF NOT FOUND THEN
        BEGIN
            INSERT INTO inventory_core.selections (tenant_id, selection_hash) VALUES (tenant, '*') ON CONFLICT DO NOTHING;
        EXCEPTION
            -- The first start of a tenant is in the middle, and makes the row.
            WHEN lock_not_available THEN
                RETURN;
        END;
        PERFORM 1 FROM inventory_core.selections AS s
        WHERE s.tenant_id = tenant AND s.selection_hash = '*'
        FOR KEY SHARE;
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core._share_limit(text) IS
    'Has set_tenant_limit wait for the caller, so that no start in the middle escapes the count under a lower limit';

CREATE FUNCTION inventory_core._choose_tenant_slot(
    tenant text, tries integer, OUT slot integer, OUT is_contended boolean, OUT is_reached boolean)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    candidates integer[];
BEGIN
    is_contended := false;
    is_reached := false;
    BEGIN
        PERFORM inventory_core._share_limit(tenant);
    EXCEPTION
        -- The limit is being changed, or the tenant forgotten.
        WHEN lock_not_available THEN
            is_reached := true;
            RETURN;
    END;
    IF inventory_core._tenant_limit(tenant) < 0 THEN
        RETURN;
    END IF;
    candidates := ARRAY(SELECT inventory_core._tenant_slots(tenant));
    IF candidates = '{}' THEN
        BEGIN
            PERFORM inventory_core._reap(tenant);
            candidates := ARRAY(SELECT inventory_core._tenant_slots(tenant));
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
COMMENT ON FUNCTION inventory_core._choose_tenant_slot(text, integer) IS
    'A free number for a new run of a tenant; NULL where it has no limit, or where that is reached';
