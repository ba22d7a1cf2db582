-- Which runs of a selection an absence can be judged by, type by type. The row of the empty type holds the runs that count
-- for each type; the row of a type holds the runs by which it differs from that, so that a run writes about the types that
-- are exceptions to it and no others. Sets of run numbers outlive the runs: pruning changes no count.
CREATE TABLE inventory_core_internal.selection_types (
    tenant_id       text COLLATE "C" NOT NULL,
    selection_hash  text COLLATE "C" NOT NULL,
    policy_type     text COLLATE "C" NOT NULL,
    covering_runs   bytea,
    vouching_runs   bytea,
    reference_count bigint,
    last_count      bigint,
    CONSTRAINT selection_types_pkey PRIMARY KEY (tenant_id, selection_hash, policy_type)
);
COMMENT ON TABLE inventory_core_internal.selection_types IS
    'For each policy type of a selection the runs that absences are judged by; the empty type stands for all that do not differ';
COMMENT ON COLUMN inventory_core_internal.selection_types.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.selection_types.selection_hash IS 'Hash of the selection, as selection_hash() gives it';
COMMENT ON COLUMN inventory_core_internal.selection_types.policy_type IS
    'A type that the selection knows, or that a run made an exception of; empty for the runs that count for every other';
COMMENT ON COLUMN inventory_core_internal.selection_types.covering_runs IS
    'Numbers of the completed full runs that cover the type, as a bitmap; of a type only where they differ from the empty type''s';
COMMENT ON COLUMN inventory_core_internal.selection_types.vouching_runs IS
    'Likewise the runs whose silence about an item of the type can be believed';
COMMENT ON COLUMN inventory_core_internal.selection_types.reference_count IS
    'What the shrink guard measures the type by: observed by the latest run that vouches for it, or had that guard''s error only';
COMMENT ON COLUMN inventory_core_internal.selection_types.last_count IS 'The count that type_counts holds last';
SELECT pg_extension_config_dump('inventory_core_internal.selection_types', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.selection_types', delete_access => 'maintainer');
