CREATE FUNCTION inventory_core_internal._slot_end(run inventory_core_internal.sync_runs, seen_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT greatest(run.lease_expires_at, seen_at + run.lease) + run.lease / 10;
END;
COMMENT ON FUNCTION inventory_core_internal._slot_end(inventory_core_internal.sync_runs, timestamptz) IS
    'A slot outlives the lease by a tenth, so that not every batch has to write it';
