CREATE FUNCTION inventory_core_internal._release_locks() RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'locks of this block are released' USING ERRCODE = 'triggered_action_exception';
END
$$;
COMMENT ON FUNCTION inventory_core_internal._release_locks() IS
    'Ends a block that handles triggered_action_exception: a row lock that was only tried goes with the block';

-- The gates: 'items' is closed by forget_items, forget_missing and forget_tenant, and passed by upsert_items and finish_run;
-- 'run <id>' is closed by finish_run and passed by whoever writes into that run.
--
-- A row lock that many share does not queue: while one waits to have the row alone, others who share it pass by, and where
-- these always overlap it waits for ever. So whoever is to have it alone closes a gate first, and the others pause at the
-- gate. It is fairness only, never the truth: the gate is an advisory lock, which a stranger may hold, so nobody pauses
-- for longer than half a second. And nobody pauses while holding a row that the other may be waiting for.
CREATE FUNCTION inventory_core_internal._pass_gate(tenant text, gate text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
BEGIN
    -- Who has locked a row has a transaction id.
    IF pg_current_xact_id_if_assigned() IS NULL THEN
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(inventory_core.selection_lock_key(tenant, gate));
            PERFORM inventory_core_internal._release_locks();
        EXCEPTION
            WHEN triggered_action_exception OR lock_not_available THEN
                NULL;
        END;
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._pass_gate(text, text) IS
    'Lets whoever has closed a gate go first; leaves no lock, and pauses for half a second at most';

CREATE FUNCTION inventory_core_internal._close_gate(tenant text, gate text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
BEGIN
    IF pg_current_xact_id_if_assigned() IS NULL THEN
        PERFORM pg_advisory_xact_lock(inventory_core.selection_lock_key(tenant, gate));
    END IF;
EXCEPTION
    WHEN lock_not_available THEN
        NULL;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._close_gate(text, text) IS
    'Has those who pass a gate pause until the transaction ends, or for half a second each';
