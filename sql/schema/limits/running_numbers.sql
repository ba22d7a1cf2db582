-- The limit of a tenant. Each running run has a number, unique among the running runs of the tenant. A number may be taken if
-- the limit holds for it, the running runs with higher numbers and those without a number, counted together. So a limit that
-- was lowered, or set after a run began, applies to every later start. An uncommitted start holds the lock of its number,
-- which other starts only try.

CREATE FUNCTION inventory_core_internal._running_numbers(tenant text) RETURNS integer[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT r.running_number FROM inventory_core_internal.sync_runs AS r
                 WHERE r.tenant_id = tenant AND r.status = 'running');
END
$$;
COMMENT ON FUNCTION inventory_core_internal._running_numbers(text) IS
    'The numbers of the running runs of a tenant; NULL for a run that began without a limit';

CREATE FUNCTION inventory_core_internal._take_number(tenant text, max_runs integer) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    running integer[] := inventory_core_internal._running_numbers(tenant);
    number integer := inventory_core_internal._free_number(running, 0, max_runs);
BEGIN
    WHILE number IS NOT NULL LOOP
        IF inventory_core_internal._try_lock('number', number::text) THEN
            -- Read again under the lock: the start that held it before may have committed.
            running := inventory_core_internal._running_numbers(tenant);
            EXIT WHEN inventory_core_internal._free_number(running, number - 1, max_runs) = number;
            PERFORM inventory_core_internal._unlock('number', number::text);
        END IF;
        number := inventory_core_internal._free_number(running, number, max_runs);
    END LOOP;
    RETURN number;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._take_number(text, integer) IS
    'Locks a free number among the running runs of a tenant; NULL if its limit is reached';
