-- A start never queues, and no limit is exceeded. It tries the locks of runs/locks.sql in their order: the first lock that
-- it does not get is its reason. A refused start releases its locks, so that no other session waits for its transaction.

CREATE FUNCTION inventory_core_internal._fresh_for(
    tenant text, selection_hash text, min_age interval, mode text, policy_types text[]) RETURNS interval
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- For a full run, a clean run that covers all requested types; for a delta run, any clean run.
    RETURN (SELECT r.finished_at + min_age - inventory_core_internal._now()
            FROM inventory_core_internal.sync_runs AS r
            WHERE r.tenant_id = tenant AND r.selection_hash = _fresh_for.selection_hash AND r.is_clean
              AND (_fresh_for.mode = 'delta'
                   OR r.mode = 'full' AND (r.policy_types IS NULL OR _fresh_for.policy_types <@ r.policy_types))
            ORDER BY r.run_seq DESC
            LIMIT 1);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._fresh_for(text, text, interval, text, text[]) IS
    'How long the last clean run stays younger than min_age; not positive, or NULL, if it is not';

CREATE FUNCTION inventory_core_internal._insert_run(
    tenant text, selection_hash text, request_id uuid, correlation_id text, lease interval, scope text,
    running_number integer, mode text, policy_types text[], now timestamptz)
RETURNS inventory_core_internal.sync_runs
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    run inventory_core_internal.sync_runs;
    -- Redacted before the first write, or the write-ahead log would hold the secret.
    redacted_id text := inventory_core_internal._redact_known(correlation_id);
BEGIN
    INSERT INTO inventory_core_internal.sync_runs AS n
        (tenant_id, run_id, selection_hash, run_seq, start_no, first_new_item_id,
         request_id, correlation_id, scope, running_number, started_at, lease, lease_expires_at, redacted_values,
         mode, policy_types)
    SELECT tenant, gen_random_uuid(), _insert_run.selection_hash,
           (SELECT coalesce(max(r.run_seq), 0) + 1 FROM inventory_core_internal.sync_runs AS r
            WHERE r.tenant_id = tenant AND r.selection_hash = _insert_run.selection_hash),
           (SELECT coalesce(max(r.start_no), 0) + 1 FROM inventory_core_internal.sync_runs AS r WHERE r.tenant_id = tenant),
           coalesce((SELECT t.next_item_id FROM inventory_core_internal.tenants AS t WHERE t.tenant_id = tenant), 1),
           _insert_run.request_id, left(redacted_id, 1000), _insert_run.scope, _insert_run.running_number,
           now, _insert_run.lease, now + _insert_run.lease,
           (redacted_id IS DISTINCT FROM _insert_run.correlation_id)::integer, _insert_run.mode, _insert_run.policy_types
    RETURNING n.* INTO run;
    RETURN run;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._insert_run(
    text, text, uuid, text, interval, text, integer, text, text[], timestamptz) IS
    'Inserts a running run; the caller holds the selection and the number exclusively';

CREATE FUNCTION inventory_core.start_run(
    tenant text, selection jsonb, correlation_id text DEFAULT NULL, request_id uuid DEFAULT NULL,
    lease interval DEFAULT NULL, min_age interval DEFAULT NULL, scope text DEFAULT '*',
    mode text DEFAULT 'full', policy_types text[] DEFAULT NULL)
RETURNS TABLE (run_id uuid, status text, selection_hash text, reason text, blocking_run_id uuid, retry_after interval,
               cursor text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
-- Planned once per session, as are the functions called from here: planning costs more than executing.
SET plan_cache_mode = force_generic_plan
-- A start waits only for a table that is locked as a whole, or for a row lock of a transaction outside this extension.
SET lock_timeout = '100ms'
AS $$
#variable_conflict use_variable
DECLARE
    run inventory_core_internal.sync_runs;
    has_tenant boolean := false;
    has_items boolean := false;
    has_selection boolean := false;
    has_public_key boolean := false;
    has_taken_over boolean := false;
    is_known boolean;
    now timestamptz;
    max_runs integer;
    number integer;
    slot integer;
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant);
    PERFORM inventory_core_internal._check_start_arguments(selection, correlation_id, lease, min_age, scope);
    IF mode IS DISTINCT FROM 'full' OR policy_types IS NOT NULL THEN
        policy_types := inventory_core_internal._check_mode(mode, policy_types);
    END IF;
    selection_hash := inventory_core.selection_hash(selection);
    lease := inventory_core_internal._exact(
        coalesce(lease, make_interval(secs => inventory_core_internal._lease_seconds())));

    has_tenant := inventory_core_internal._try_lock_shared('tenant', '');
    has_items := has_tenant AND inventory_core_internal._try_lock_shared('items', '');
    has_selection := has_tenant AND inventory_core_internal._try_lock('selection', selection_hash);

    IF request_id IS NOT NULL THEN
        SELECT r.* INTO run FROM inventory_core_internal.sync_runs AS r
        WHERE r.tenant_id = tenant AND r.request_id = start_run.request_id;
        IF FOUND THEN
            PERFORM inventory_core_internal._check_request(run, selection_hash);
            run_id := run.run_id;
            status := run.status;
        END IF;
    END IF;
    -- Read under the lock of the selection, so that it is the cursor of the last run.
    SELECT s.cursor INTO cursor FROM inventory_core_internal.selections AS s
    WHERE s.tenant_id = tenant AND s.selection_hash = start_run.selection_hash;
    is_known := FOUND;
    -- A start that is repeated is not a new one.
    IF mode = 'delta' AND cursor IS NULL AND status IS NULL THEN
        PERFORM inventory_core_internal._raise_no_cursor();
    END IF;

    <<attempt>>
    BEGIN
        EXIT attempt WHEN status IS NOT NULL;
        IF NOT has_tenant THEN
            -- The tenant is being forgotten.
            reason := 'tenant_limit';
            EXIT attempt;
        END IF;

        SELECT r.* INTO run FROM inventory_core_internal.sync_runs AS r
        WHERE r.tenant_id = tenant AND r.selection_hash = start_run.selection_hash AND r.status = 'running';
        IF has_selection AND has_items AND run.run_id IS NOT NULL
           AND inventory_core_internal._lease_end(run) <= inventory_core_internal._now()
           AND inventory_core_internal._take_over(run) THEN
            has_taken_over := true;
            run := NULL;
        END IF;
        IF NOT has_selection OR run.run_id IS NOT NULL THEN
            reason := 'already_running';
            blocking_run_id := run.run_id;
            -- The run may end long before its lease.
            retry_after := greatest(least(inventory_core_internal._lease_end(run) - inventory_core_internal._now(),
                                          interval '1 minute'), interval '1 second');
            EXIT attempt;
        END IF;
        -- For callers that use only the public lock; if another session holds it, it is ignored.
        has_public_key := inventory_core_internal._try_public_lock(selection_hash);

        IF min_age > interval '0' THEN
            retry_after := inventory_core_internal._fresh_for(tenant, selection_hash, min_age, mode, policy_types);
            reason := CASE WHEN retry_after > interval '0' THEN 'fresh' END;
            EXIT attempt WHEN reason IS NOT NULL;
        END IF;
        retry_after := inventory_core_internal._cooling_down(tenant, scope);
        reason := CASE WHEN retry_after IS NOT NULL THEN 'cooling_down' END;
        EXIT attempt WHEN reason IS NOT NULL;

        max_runs := inventory_core_internal._tenant_limit(tenant);
        IF max_runs >= 0 THEN
            number := inventory_core_internal._take_number(tenant, max_runs);
            -- Only a few: closing a run costs milliseconds, and a start answers at once.
            IF number IS NULL AND has_items AND inventory_core_internal._reap(tenant, 5) > 0 THEN
                has_taken_over := true;
                number := inventory_core_internal._take_number(tenant, max_runs);
            END IF;
            IF number IS NULL THEN
                reason := 'tenant_limit';
                EXIT attempt;
            END IF;
        END IF;

        -- The slot last: it is a row lock, which a refusal could not release.
        -- Read under the lock of the selection, so that no run starts before the one before it has ended.
        now := inventory_core_internal._now();
        slot := inventory_core_internal._lock_free_slot(now);
        IF slot IS NULL AND inventory_core_internal._max_running_runs() >= 0 THEN
            reason := 'global_limit';
            EXIT attempt;
        END IF;
        IF NOT is_known THEN
            INSERT INTO inventory_core_internal.selections (tenant_id, selection_hash, selection, first_run_at)
            VALUES (tenant, selection_hash, selection, now);
        END IF;
        run := inventory_core_internal._insert_run(
            tenant, selection_hash, request_id, correlation_id, lease, scope, number, mode, policy_types, now);
        UPDATE inventory_core_internal.run_slots AS s
        SET holder = inventory_core_internal._slot_holder(tenant, run.run_id), expires_at = run.started_at + run.lease * 1.5
        WHERE s.slot_no = slot;
        run_id := run.run_id;
        status := 'running';
        RETURN NEXT;
        RETURN;
    END;

    -- If an expired run was closed, its locks are held until the transaction ends.
    IF NOT has_taken_over THEN
        IF number IS NOT NULL THEN
            PERFORM inventory_core_internal._unlock('number', number::text);
        END IF;
        IF has_public_key THEN
            PERFORM inventory_core_internal._unlock_public(selection_hash);
        END IF;
        IF has_selection THEN
            PERFORM inventory_core_internal._unlock('selection', selection_hash);
        END IF;
        IF has_items THEN
            PERFORM inventory_core_internal._unlock_shared('items', '');
        END IF;
    END IF;
    IF reason IS NULL THEN
        PERFORM inventory_core_internal._unlock_shared('tenant', '') WHERE has_tenant;
    ELSE
        status := 'skipped';
        -- Jitter, or all refused starts come back at the same moment.
        IF reason IN ('tenant_limit', 'global_limit') THEN
            retry_after := interval '1 second' + random() * interval '9 seconds';
        END IF;
        IF has_tenant THEN
            PERFORM inventory_core_internal._count_refusal(tenant, selection_hash, selection, reason);
        END IF;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION inventory_core.start_run(text, jsonb, text, uuid, interval, interval, text, text, text[]) IS
    'Starts a run of a selection, or says at once why not and when to retry';
