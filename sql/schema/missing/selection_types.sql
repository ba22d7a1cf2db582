-- Which runs cover and vouch for each policy type of a selection. The row of the empty type holds the runs that count for
-- every type. The row of a type holds the runs in which it differs from the empty type, so that a run writes rows only for
-- its exceptions. The sets keep the numbers of pruned runs: pruning changes no count.
CREATE TABLE inventory_core_internal.selection_types (
    tenant_id       text COLLATE "C" NOT NULL,
    selection_hash  text COLLATE "C" NOT NULL,
    policy_type     text COLLATE "C" NOT NULL,
    covering_runs   bytea,
    vouching_runs   bytea,
    known_count     bigint NOT NULL DEFAULT 0,
    present_count   bigint NOT NULL DEFAULT 0,
    reference_count bigint,
    last_count      bigint,
    CONSTRAINT selection_types_pkey PRIMARY KEY (tenant_id, selection_hash, policy_type)
);
COMMENT ON TABLE inventory_core_internal.selection_types IS
    'The runs that cover and vouch for each policy type of a selection; the empty type stands for all types that do not differ';
COMMENT ON COLUMN inventory_core_internal.selection_types.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.selection_types.selection_hash IS
    'Hash of the selection, as selection_hash() returns it';
COMMENT ON COLUMN inventory_core_internal.selection_types.policy_type IS
    'A type that the selection knows, or that was an exception in a run; empty for the runs that count for all other types';
COMMENT ON COLUMN inventory_core_internal.selection_types.covering_runs IS
    'Bitmap of run_seq of the completed full runs that cover the type; for a named type, where it differs from the empty type';
COMMENT ON COLUMN inventory_core_internal.selection_types.vouching_runs IS
    'Likewise the runs that vouch for the type';
COMMENT ON COLUMN inventory_core_internal.selection_types.known_count IS 'How many items of the type the selection knows';
COMMENT ON COLUMN inventory_core_internal.selection_types.present_count IS
    'How many of them are not missing by latest_clean';
COMMENT ON COLUMN inventory_core_internal.selection_types.reference_count IS
    'Reference of the shrink guard: the count of the latest run that vouches for the type, or fails to only by this guard';
COMMENT ON COLUMN inventory_core_internal.selection_types.last_count IS 'The latest count in type_counts';
SELECT pg_extension_config_dump('inventory_core_internal.selection_types', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.selection_types', delete_access => 'maintainer');
