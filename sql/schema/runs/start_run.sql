-- A start never queues, and no limit is passed:
-- 1. It tries the advisory lock of the selection. That is a courtesy: without the lock it goes on, but hardly waits for rows.
-- 2. A running run of the selection blocks it, unless its lease has expired: then that run is closed first.
-- 3. In a block of its own, so that a refusal leaves no lock behind, it locks a free row of run_slots and inserts the run. Two
--    partial unique indexes decide: one running run per selection, one per number of the tenant.
-- 4. Starts that are not committed are invisible. Each has left its mark in open_starts, and whoever would insert the same row
--    runs into it: so they count against the tenant's limit, too.
-- 5. It takes the slot. What got in its way becomes the reason in the row that it gives.

CREATE FUNCTION inventory_core_internal._refuse_start(tenant text, selection_hash text, selection jsonb, reason text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    taken timestamptz := inventory_core_internal._now();
BEGIN
    INSERT INTO inventory_core_internal.selections AS s
        (tenant_id, selection_hash, selection, refused_count, last_refused_reason, last_refused_at)
    VALUES (tenant, selection_hash, selection, 1, reason, taken)
    ON CONFLICT ON CONSTRAINT selections_pkey DO UPDATE
    SET refused_count = s.refused_count + 1,
        last_refused_reason = excluded.last_refused_reason,
        last_refused_at = excluded.last_refused_at;
    WITH added_up AS (
        DELETE FROM inventory_core_internal.refusals AS f
        WHERE f.tenant_id = tenant AND f.selection_hash = _refuse_start.selection_hash
        RETURNING 1
    )
    UPDATE inventory_core_internal.selections AS s
    SET refused_count = s.refused_count + u.added
    FROM (SELECT count(*) AS added FROM added_up) AS u
    WHERE s.tenant_id = tenant AND s.selection_hash = _refuse_start.selection_hash AND u.added > 0;
EXCEPTION
    -- Somebody has the row in his hands.
    WHEN lock_not_available THEN
        INSERT INTO inventory_core_internal.refusals (tenant_id, selection_hash, refusal_id, reason, refused_at)
        VALUES (tenant, selection_hash, gen_random_uuid(), reason, taken);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._refuse_start(text, text, jsonb, text) IS 'Counts a refused start; never waits for long';

CREATE FUNCTION inventory_core_internal._blocking_run(tenant text, selection_hash text) RETURNS inventory_core_internal.sync_runs
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    run inventory_core_internal.sync_runs;
BEGIN
    SELECT r.* INTO run FROM inventory_core_internal.sync_runs AS r
    WHERE r.tenant_id = tenant AND r.selection_hash = _blocking_run.selection_hash AND r.status = 'running';
    IF FOUND AND inventory_core_internal._lease_end(run) <= inventory_core_internal._now() AND inventory_core_internal._take_over(run) THEN
        RETURN NULL;
    END IF;
    RETURN run;
EXCEPTION
    -- Items of the tenant are being forgotten: the expired run waits for the next start.
    WHEN lock_not_available THEN
        RETURN run;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._blocking_run(text, text) IS
    'The running run of a selection, where its lease holds; one that expired is closed';

CREATE FUNCTION inventory_core_internal._obstacle(
    tenant text, selection_hash text, min_age interval, scope text, mode text, policy_types text[],
    OUT reason text, OUT retry_after interval)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF min_age IS NOT NULL THEN
        -- For a full run a clean one that covers all that is asked for; for a delta any clean run.
        SELECT 'fresh', r.finished_at + min_age - inventory_core_internal._now() INTO reason, retry_after
        FROM inventory_core_internal.sync_runs AS r
        WHERE r.tenant_id = tenant AND r.selection_hash = _obstacle.selection_hash AND r.is_clean
          AND (_obstacle.mode = 'delta'
               OR r.mode = 'full' AND (r.policy_types IS NULL OR _obstacle.policy_types <@ r.policy_types))
        ORDER BY r.run_seq DESC
        LIMIT 1;
        IF retry_after > interval '0' THEN
            RETURN;
        END IF;
    END IF;
    reason := 'cooling_down';
    retry_after := inventory_core_internal._cooling_down(tenant, scope);
    IF retry_after IS NULL THEN
        reason := NULL;
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._obstacle(text, text, interval, text, text, text[]) IS
    'Why a selection need not or must not be listed now, and for how long';

CREATE FUNCTION inventory_core.start_run(
    tenant text, selection jsonb, correlation_id text DEFAULT NULL, request_id uuid DEFAULT NULL,
    lease interval DEFAULT NULL, min_age interval DEFAULT NULL, scope text DEFAULT '*',
    mode text DEFAULT 'full', policy_types text[] DEFAULT NULL)
RETURNS TABLE (run_id uuid, status text, selection_hash text, reason text, blocking_run_id uuid, retry_after interval,
               cursor text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
-- The longest that a start waits for a row that another transaction holds locked.
SET lock_timeout = '50ms'
AS $$
#variable_conflict use_variable
DECLARE
    run inventory_core_internal.sync_runs;
    tenant_slot record;
    run_slot integer;
    is_alone boolean;
    tries integer := 0;
    violated text;
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant);
    PERFORM inventory_core_internal._check_start(selection, correlation_id, lease, min_age, scope);
    policy_types := inventory_core_internal._check_mode(mode, policy_types);
    selection_hash := inventory_core.selection_hash(selection);
    SELECT s.cursor INTO cursor FROM inventory_core_internal.selections AS s
    WHERE s.tenant_id = tenant AND s.selection_hash = start_run.selection_hash;
    lease := coalesce(lease, make_interval(secs => inventory_core_internal._lease_seconds()));

    SELECT r.* INTO run FROM inventory_core_internal.sync_runs AS r
    WHERE r.tenant_id = tenant AND r.request_id = start_run.request_id;
    IF FOUND THEN
        PERFORM inventory_core_internal._check_request(run, selection_hash);
        run_id := run.run_id;
        status := run.status;
        RETURN NEXT;
        RETURN;
    END IF;
    IF mode = 'delta' AND cursor IS NULL THEN
        PERFORM inventory_core_internal._raise_no_cursor();
    END IF;

    -- Starters of one selection do not queue for its rows. Who fails to get the lock goes on, for a
    -- stranger may hold it and the unique index decides, but hardly waits.
    is_alone := pg_try_advisory_xact_lock(inventory_core.selection_lock_key(tenant, selection_hash));
    IF NOT is_alone THEN
        PERFORM set_config('lock_timeout', '5ms', true);
    END IF;
    status := 'skipped';
    run := inventory_core_internal._blocking_run(tenant, selection_hash);
    IF run.run_id IS NOT NULL THEN
        reason := 'already_running';
        blocking_run_id := run.run_id;
        retry_after := inventory_core_internal._lease_end(run) - inventory_core_internal._now();
    ELSE
        SELECT o.reason, o.retry_after INTO reason, retry_after
        FROM inventory_core_internal._obstacle(tenant, selection_hash, min_age, scope, mode, policy_types) AS o;
    END IF;
    WHILE reason IS NULL LOOP
        tries := tries + 1;
        SELECT c.slot, c.is_contended, c.is_reached INTO tenant_slot
        FROM inventory_core_internal._choose_tenant_slot(tenant, tries) AS c;
        EXIT WHEN tenant_slot.is_reached;
        BEGIN
            -- In a block of its own: what a refused start has locked must be free for others at once.
            BEGIN
                run_slot := inventory_core_internal._choose_run_slot();
                IF run_slot IS NULL AND inventory_core_internal._max_running_runs() >= 0 THEN
                    reason := 'global_limit';
                    EXIT;
                END IF;
                run := inventory_core_internal._insert_run(
                    tenant, selection_hash, selection, request_id, correlation_id, lease, scope, tenant_slot.slot, mode,
                    policy_types);
                -- The run first, then the look at others: of two that begin at once one sees the other.
                IF run_slot IS NOT NULL THEN
                    PERFORM inventory_core_internal._mark_open_start(tenant, run_slot);
                END IF;
                IF inventory_core_internal._exceeds_tenant_limit(run, run_slot) THEN
                    PERFORM inventory_core_internal._release_locks();
                END IF;
                PERFORM inventory_core_internal._take_slot(run_slot, run, run.started_at);
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
    PERFORM inventory_core_internal._refuse_start(tenant, selection_hash, selection, reason);
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION inventory_core.start_run(text, jsonb, text, uuid, interval, interval, text, text, text[]) IS
    'Starts a run of a selection, or says at once who is busy and when to retry';
