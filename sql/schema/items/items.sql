-- The catalogue. A row is written when an item is new or changed, never because it was seen again:
-- last_seen and run_parts say which run saw it. There is no foreign key to tenants, which would cost
-- a look-up for every new row; the counter that gives the id is the row of tenants.
CREATE TABLE inventory_core_internal.items (
    tenant_id      text COLLATE "C" NOT NULL,
    item_id        bigint NOT NULL,
    chunk          integer NOT NULL GENERATED ALWAYS AS ((item_id >> 16)::integer) STORED,
    first_start_no bigint NOT NULL,
    first_seen_at  timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    key_high       bigint NOT NULL,
    key_low        bigint NOT NULL,
    name_digest    bigint NOT NULL,
    meta_digest    bigint NOT NULL,
    policy_type    text COLLATE "C" NOT NULL,
    external_id    text COLLATE "C" NOT NULL,
    display_name   text,
    meta           jsonb,
    -- Both indexes include the digests that a batch is compared by, so that the row of an unchanged item is never visited.
    -- An API lists its items in much the same order each time, and they got their ids in that order: most of a batch
    -- is found in a few ranges of ids, and only the rest is looked up by its key.
    CONSTRAINT items_pkey PRIMARY KEY (tenant_id, item_id) INCLUDE (key_high, key_low, name_digest, meta_digest),
    -- external_id comes first for people and applications, who look up an item by the id that it has in the API.
    CONSTRAINT items_identity_is_unique UNIQUE (tenant_id, external_id, policy_type)
        INCLUDE (item_id, key_high, key_low, name_digest, meta_digest),
    CONSTRAINT items_policy_type_fits CHECK (octet_length(policy_type) BETWEEN 1 AND 200),
    CONSTRAINT items_external_id_fits CHECK (octet_length(external_id) BETWEEN 1 AND 2048),
    CONSTRAINT items_display_name_fits CHECK (length(display_name) <= 1000),
    CONSTRAINT items_meta_is_an_object CHECK (jsonb_typeof(meta) = 'object')
);
COMMENT ON TABLE inventory_core_internal.items IS 'What was last observed of each item';
COMMENT ON COLUMN inventory_core_internal.items.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.items.item_id IS 'Number of the item; dense within its tenant, never reused';
COMMENT ON COLUMN inventory_core_internal.items.first_seen_at IS 'Start of the first run that saw it';
COMMENT ON COLUMN inventory_core_internal.items.updated_at IS 'When its name or meta was last written';
COMMENT ON COLUMN inventory_core_internal.items.name_digest IS
    '64-bit digest of display_name, which a probe compares instead of the text';
COMMENT ON COLUMN inventory_core_internal.items.meta_digest IS
    '64-bit digest of meta as it is stored; values that are equal as jsonb have equal digests';
COMMENT ON COLUMN inventory_core_internal.items.policy_type IS 'What kind of thing it is';
COMMENT ON COLUMN inventory_core_internal.items.external_id IS 'Its name in the API';
COMMENT ON COLUMN inventory_core_internal.items.display_name IS 'Its name for people, cut to 1,000 characters';
COMMENT ON COLUMN inventory_core_internal.items.meta IS 'What the API said of it, reduced to the whitelisted keys';
COMMENT ON COLUMN inventory_core_internal.items.chunk IS
    'Which bitmap of 65,536 ids the item is in; a column, because an index on a shift cannot be used under row-level security';
COMMENT ON COLUMN inventory_core_internal.items.first_start_no IS
    'start_no of the run that first_seen_at comes from';
COMMENT ON COLUMN inventory_core_internal.items.key_high IS
    'First half of the 128-bit digest of policy_type and external_id, which a batch is compared by';
COMMENT ON COLUMN inventory_core_internal.items.key_low IS 'Second half of that digest';
SELECT pg_extension_config_dump('inventory_core_internal.items', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.items', delete_access => 'maintainer');
