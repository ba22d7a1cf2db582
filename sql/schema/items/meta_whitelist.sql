-- Which top-level keys of meta are stored. It is empty at first: a key that is not listed is not stored.
CREATE TABLE inventory_core_internal.meta_whitelist (
    policy_type text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    CONSTRAINT meta_whitelist_pkey PRIMARY KEY (policy_type, key),
    CONSTRAINT meta_whitelist_policy_type_is_short CHECK (octet_length(policy_type) BETWEEN 1 AND 200)
);
COMMENT ON TABLE inventory_core_internal.meta_whitelist IS
    'Top-level keys of meta that are stored, for all tenants; policy_type * means every type';
COMMENT ON COLUMN inventory_core_internal.meta_whitelist.policy_type IS 'Type of the items, * for every type';
COMMENT ON COLUMN inventory_core_internal.meta_whitelist.key IS 'Top-level key of meta that is stored';
SELECT pg_extension_config_dump('inventory_core_internal.meta_whitelist', '');

ALTER TABLE inventory_core_internal.meta_whitelist ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY all_keys ON inventory_core_internal.meta_whitelist FOR SELECT USING (true);
COMMENT ON POLICY all_keys ON inventory_core_internal.meta_whitelist IS
'The whitelist applies to all tenants, so every reader sees it';
SELECT inventory_core_internal._let_owner_write('inventory_core_internal.meta_whitelist');
