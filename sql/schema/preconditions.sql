-- Checks at the head of public functions: arguments, and that the run or selection exists.

CREATE FUNCTION inventory_core_internal._require(argument text, is_given boolean) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT is_given THEN
        RAISE EXCEPTION 'argument "%" must not be NULL', argument
            USING ERRCODE = 'null_value_not_allowed',
                  DETAIL = 'The function cannot do without it.',
                  HINT = 'Pass a value.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._require(text, boolean) IS 'Raises 22004 for an argument that is NULL';

CREATE FUNCTION inventory_core_internal._begin_read(tenant text, selection_hash text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core.set_tenant(tenant);
    PERFORM inventory_core_internal._require('selection_hash', selection_hash IS NOT NULL);
    IF selection_hash !~ '^[0-9a-f]{64}$' THEN
        RAISE EXCEPTION 'invalid selection hash'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('The text has %s characters.', length(selection_hash)),
                  HINT = 'A selection hash is 64 lower-case hex digits, as inventory_core.selection_hash(selection) returns them.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._begin_read(text, text) IS
    'Binds the tenant for a function that reads one selection; raises 22023 for an invalid selection hash';

CREATE FUNCTION inventory_core_internal._require_run(run_id uuid) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF run_id IS NULL THEN
        RAISE EXCEPTION 'argument "run_id" must not be NULL'
            USING ERRCODE = 'null_value_not_allowed',
                  DETAIL = 'A start that was refused (status skipped) returns no run_id.',
                  HINT = 'Check the status that start_run returned, and continue only if it is running.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._require_run(uuid) IS
    'Raises 22004 for a run_id that is NULL and names the likely cause';

CREATE FUNCTION inventory_core_internal._require_selection(tenant text, selection_hash text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM inventory_core_internal.selections AS s
                   WHERE s.tenant_id = tenant AND s.selection_hash = _require_selection.selection_hash) THEN
        RAISE EXCEPTION 'selection not found'
            USING ERRCODE = 'no_data_found',
                  DETAIL = 'This tenant never started a run of a selection with that hash.',
                  HINT = 'The view inventory_core.inventory_selections lists the selections of the tenant and their hashes.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._require_selection(text, text) IS
    'P0002 for a selection that never had a run: a typo must not read as an answer';

CREATE FUNCTION inventory_core_internal._raise_unknown_run() RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'run not found'
        USING ERRCODE = 'no_data_found',
              DETAIL = 'This tenant has no run with that id.',
              HINT = 'Pass the run_id that inventory_core.start_run returned for the same tenant.';
END
$$;
COMMENT ON FUNCTION inventory_core_internal._raise_unknown_run() IS
    'P0002; the same message whether the run belongs to another tenant or does not exist';

CREATE FUNCTION inventory_core_internal._raise_not_running(status text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'run is not running'
        USING ERRCODE = 'object_not_in_prerequisite_state',
              DETAIL = format('Its status is %s: it was finished, or taken over after its lease had expired.', status),
              HINT = 'Start a new run of the selection with inventory_core.start_run.';
END
$$;
COMMENT ON FUNCTION inventory_core_internal._raise_not_running(text) IS '55000 for a run that is over';
