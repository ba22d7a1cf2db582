-- A start writes a row here and deletes it again, so no row is ever committed. Until the start is committed nobody sees
-- its run; but whoever would write the same row is kept waiting, and so learns of the start.
CREATE TABLE inventory_core_internal.open_starts (
    tenant_id text COLLATE "C" NOT NULL,
    slot_no   integer NOT NULL,
    CONSTRAINT open_starts_pkey PRIMARY KEY (tenant_id, slot_no)
);
COMMENT ON TABLE inventory_core_internal.open_starts IS
    'Always empty: starts in the middle, by the slot of the global limit that they hold';
COMMENT ON COLUMN inventory_core_internal.open_starts.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.open_starts.slot_no IS
    'The slot of the global limit that the start holds; 0 is written by forget_tenant';
SELECT pg_extension_config_dump('inventory_core_internal.open_starts', '');
