CREATE FUNCTION inventory_core._refuse_start(tenant text, selection_hash text, selection jsonb, reason text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO inventory_core.selections AS s
        (tenant_id, selection_hash, selection, refused_count, last_refused_reason, last_refused_at)
    VALUES (tenant, selection_hash, selection, 1, reason, inventory_core._now())
    ON CONFLICT ON CONSTRAINT selections_pkey DO UPDATE
    SET refused_count = s.refused_count + 1,
        last_refused_reason = excluded.last_refused_reason,
        last_refused_at = excluded.last_refused_at;
EXCEPTION
    -- Somebody holds the row: the answer is worth more than the count.
    WHEN lock_not_available THEN
        NULL;
END
$$;
COMMENT ON FUNCTION inventory_core._refuse_start(text, text, jsonb, text) IS 'Counts a refused start; never waits for long';

CREATE FUNCTION inventory_core._insert_run(
    tenant text, selection_hash text, selection jsonb, request_id uuid, correlation_id text, lease interval, scope text)
RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    taken timestamptz := inventory_core._now();
    new_run_id uuid := gen_random_uuid();
BEGIN
    INSERT INTO inventory_core.selections (tenant_id, selection_hash, selection, first_run_at)
    VALUES (tenant, _insert_run.selection_hash, _insert_run.selection, taken)
    ON CONFLICT DO NOTHING;
    -- A selection that was refused before its first run is there, without a first run.
    UPDATE inventory_core.selections AS s SET first_run_at = taken
    WHERE s.tenant_id = tenant AND s.selection_hash = _insert_run.selection_hash AND s.first_run_at IS NULL;

    INSERT INTO inventory_core.sync_runs
        (tenant_id, run_id, selection_hash, run_seq, start_no, first_new_item_id,
         request_id, correlation_id, scope, started_at, lease, lease_expires_at)
    SELECT tenant, new_run_id, _insert_run.selection_hash,
           (SELECT coalesce(max(r.run_seq), 0) + 1 FROM inventory_core.sync_runs AS r
            WHERE r.tenant_id = tenant AND r.selection_hash = _insert_run.selection_hash),
           (SELECT coalesce(max(r.start_no), 0) + 1 FROM inventory_core.sync_runs AS r WHERE r.tenant_id = tenant),
           coalesce((SELECT t.next_item_id FROM inventory_core.tenants AS t WHERE t.tenant_id = tenant), 1),
           _insert_run.request_id, _insert_run.correlation_id, _insert_run.scope, taken, _insert_run.lease,
           taken + _insert_run.lease;
    RETURN new_run_id;
END
$$;
COMMENT ON FUNCTION inventory_core._insert_run(text, text, jsonb, uuid, text, interval, text) IS
    'Writes a running run; the partial unique index lets one through';

CREATE FUNCTION inventory_core.start_run(
    tenant text, selection jsonb, correlation_id text DEFAULT NULL, request_id uuid DEFAULT NULL,
    lease interval DEFAULT NULL, min_age interval DEFAULT NULL, scope text DEFAULT '*')
RETURNS TABLE (run_id uuid, status text, selection_hash text, reason text, blocking_run_id uuid, retry_after interval)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
-- The longest that a start waits for a row that another transaction has in its hands.
SET lock_timeout = '50ms'
AS $$
#variable_conflict use_variable
DECLARE
    known inventory_core.sync_runs;
    clean_finish timestamptz;
BEGIN
    PERFORM inventory_core._begin_write(tenant);
    PERFORM inventory_core._check_start(selection, correlation_id, lease, min_age, scope);
    selection_hash := inventory_core.selection_hash(selection);
    lease := coalesce(lease, make_interval(secs => inventory_core._lease_seconds()));

    IF request_id IS NOT NULL THEN
        SELECT r.* INTO known FROM inventory_core.sync_runs AS r
        WHERE r.tenant_id = tenant AND r.request_id = start_run.request_id;
        IF FOUND THEN
            IF known.selection_hash <> selection_hash THEN
                RAISE EXCEPTION 'request_id was used for another selection'
                    USING ERRCODE = 'invalid_parameter_value',
                          DETAIL = 'A request_id names one attempt to list one selection.',
                          HINT = 'Make a fresh uuid for each attempt.';
            END IF;
            run_id := known.run_id;
            status := known.status;
            RETURN NEXT;
            RETURN;
        END IF;
    END IF;

    status := 'skipped';
    BEGIN
        -- Starters of one selection do not queue for the row below. Who fails to get the lock goes on,
        -- for a stranger may hold it and the unique index decides, but hardly waits.
        IF NOT pg_try_advisory_xact_lock(inventory_core.selection_lock_key(tenant, selection_hash)) THEN
            PERFORM set_config('lock_timeout', '5ms', true);
        END IF;

        SELECT r.* INTO known FROM inventory_core.sync_runs AS r
        WHERE r.tenant_id = tenant AND r.selection_hash = selection_hash AND r.status = 'running';
        IF FOUND THEN
            blocking_run_id := known.run_id;
            retry_after := inventory_core._lease_end(known) - inventory_core._now();
            IF retry_after > interval '0' OR NOT inventory_core._take_over(known) THEN
                reason := 'already_running';
            ELSE
                blocking_run_id := NULL;
            END IF;
        END IF;

        IF reason IS NULL AND min_age IS NOT NULL THEN
            SELECT b.finished_at INTO clean_finish
            FROM inventory_core._baseline(tenant, selection_hash, 'latest_success') AS b;
            retry_after := clean_finish + min_age - inventory_core._now();
            IF retry_after > interval '0' THEN
                reason := 'fresh';
            END IF;
        END IF;

        IF reason IS NULL THEN
            run_id := inventory_core._insert_run(
                tenant, selection_hash, selection, request_id, correlation_id, lease, scope);
            status := 'running';
            retry_after := NULL;
            RETURN NEXT;
            RETURN;
        END IF;
    EXCEPTION
        -- Another start, not yet committed or committed in this very moment.
        WHEN lock_not_available OR unique_violation THEN
            run_id := NULL;
            reason := 'already_running';
    END;

    IF reason = 'already_running' THEN
        -- The run may end long before its lease does.
        retry_after := greatest(least(retry_after, interval '1 minute'), interval '1 second');
    END IF;
    PERFORM inventory_core._refuse_start(tenant, selection_hash, selection, reason);
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION inventory_core.start_run(text, jsonb, text, uuid, interval, interval, text) IS
    'Starts a run of a selection, or says at once who is busy and when to retry';
