-- One slot for each run that may run at once on this server. A starter takes a free one FOR UPDATE
-- SKIP LOCKED: it never waits, and no race takes one twice. A slot frees itself when it expires,
-- shortly after the lease of its run. It shows no tenant, and is not dumped: the runs are.
CREATE TABLE inventory_core_internal.run_slots (
    slot_no    integer NOT NULL,
    run_id     uuid,
    expires_at timestamptz,
    CONSTRAINT run_slots_pkey PRIMARY KEY (slot_no),
    CONSTRAINT run_slots_slot_no_is_one_of_them CHECK (slot_no BETWEEN 1 AND 1024),
    CONSTRAINT run_slots_taken_has_an_end CHECK ((run_id IS NULL) = (expires_at IS NULL))
) WITH (fillfactor = 20);
COMMENT ON TABLE inventory_core_internal.run_slots IS 'Which run holds which of the slots of the global limit';
COMMENT ON COLUMN inventory_core_internal.run_slots.slot_no IS
    '1 to 1,024; the setting max_running_runs says how many of them count';
COMMENT ON COLUMN inventory_core_internal.run_slots.run_id IS 'The run that holds the slot; NULL where it is free';
COMMENT ON COLUMN inventory_core_internal.run_slots.expires_at IS 'When the slot is free again unless its run shows life';
INSERT INTO inventory_core_internal.run_slots (slot_no) SELECT generate_series(1, 1024);
-- Not unique: a run whose slot is being taken away, by a start that is not committed, takes another and does not wait.
CREATE INDEX run_slots_run_id ON inventory_core_internal.run_slots (run_id);
COMMENT ON INDEX inventory_core_internal.run_slots_run_id IS 'Which slot a run holds';
