-- How long the batches and heartbeats of a run keep its slot. Rows are only added, so that parallel writers of one
-- run never wait for each other, and a row that was rolled back takes nothing from its neighbours. They go when
-- the run is closed. No tenant is named here, and like the slots they are not dumped.
CREATE TABLE inventory_core_internal.slot_leases (
    run_id     uuid NOT NULL,
    lease_id   uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT slot_leases_pkey PRIMARY KEY (run_id, lease_id)
);
COMMENT ON TABLE inventory_core_internal.slot_leases IS 'Until when the signs of life of a run keep its slot of the global limit';
COMMENT ON COLUMN inventory_core_internal.slot_leases.run_id IS 'The run that showed life';
COMMENT ON COLUMN inventory_core_internal.slot_leases.lease_id IS 'Makes the row one of its own; random';
COMMENT ON COLUMN inventory_core_internal.slot_leases.expires_at IS 'Until when its slot is kept';

-- Volatile: while a row lock is waited for, or tried, a lease may be committed that an older snapshot does not show.
CREATE FUNCTION inventory_core_internal._slot_is_over(run_id uuid, expires_at timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    taken timestamptz := inventory_core_internal._now();
BEGIN
    RETURN run_id IS NULL
        OR expires_at <= taken
           AND NOT EXISTS (SELECT FROM inventory_core_internal.slot_leases AS l
                           WHERE l.run_id = _slot_is_over.run_id AND l.expires_at > taken);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._slot_is_over(uuid, timestamptz) IS
    'Whether a slot is free, or its run has shown no life for longer than its lease';
