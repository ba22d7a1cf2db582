-- How many items of each type the full runs of a selection observed; a row is written when the count changes. The function
-- type_counts is in type_counts_of_runs.sql.
CREATE TABLE inventory_core_internal.type_counts (
    tenant_id      text COLLATE "C" NOT NULL,
    selection_hash text COLLATE "C" NOT NULL,
    policy_type    text COLLATE "C" NOT NULL,
    run_seq        bigint NOT NULL,
    observed       bigint,
    CONSTRAINT type_counts_pkey PRIMARY KEY (tenant_id, selection_hash, policy_type, run_seq),
    CONSTRAINT type_counts_observed_is_a_count CHECK (observed >= 0)
);
COMMENT ON TABLE inventory_core_internal.type_counts IS
    'How many items of a type a run observed; valid for later runs that cover the type, until the next row';
COMMENT ON COLUMN inventory_core_internal.type_counts.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.type_counts.selection_hash IS 'Hash of the selection, as selection_hash() returns it';
COMMENT ON COLUMN inventory_core_internal.type_counts.policy_type IS 'The type of the items';
COMMENT ON COLUMN inventory_core_internal.type_counts.run_seq IS 'The run that observed this count';
COMMENT ON COLUMN inventory_core_internal.type_counts.observed IS
'The count at the end of the run; NULL if the selection no longer knew an item of the type';
SELECT pg_extension_config_dump('inventory_core_internal.type_counts', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.type_counts', delete_access => 'maintainer');
