-- The moves of single tenants between servers, written by scripts/move-tenant on both. The owner's: a maintainer who forgets a
-- tenant must not open it.
--
--   at the source                                at the target
--   leaving  closed; its rows count              arriving  closed; rows that are here do not count
--   left     closed; its rows do not count       arrived   closed; all rows are here
--   gone     closed; its rows are removed        here      open
CREATE TABLE inventory_core_internal.tenant_moves (
    tenant_id  text COLLATE "C" NOT NULL,
    state      text NOT NULL,
    move_id    uuid NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT tenant_moves_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenant_moves_tenant_id_is_a_tenant CHECK (octet_length(tenant_id) BETWEEN 1 AND 255 AND tenant_id <> '*'),
    CONSTRAINT tenant_moves_state_is_known CHECK (state IN ('leaving', 'left', 'gone', 'arriving', 'arrived', 'here'))
);
COMMENT ON TABLE inventory_core_internal.tenant_moves IS
    'The last move of each tenant that was moved from or to this server; only the owner of the extension writes it';
COMMENT ON COLUMN inventory_core_internal.tenant_moves.tenant_id IS 'Name of the tenant';
COMMENT ON COLUMN inventory_core_internal.tenant_moves.state IS
    'leaving, left or gone from here; arriving, arrived or here. The tenant can be bound in the last one only';
COMMENT ON COLUMN inventory_core_internal.tenant_moves.move_id IS 'The move; the same at the source and at the target';
COMMENT ON COLUMN inventory_core_internal.tenant_moves.changed_at IS 'When the state last changed';
SELECT pg_extension_config_dump('inventory_core_internal.tenant_moves', '');
SELECT inventory_core_internal._fence_list('inventory_core_internal.tenant_moves');

CREATE FUNCTION inventory_core_internal._away(tenant text) RETURNS TABLE (state text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT CASE m.state WHEN 'gone' THEN 'elsewhere' ELSE 'moving' END
    FROM inventory_core_internal.tenant_moves AS m
    WHERE m.tenant_id = tenant AND m.state <> 'here'
    UNION ALL
    SELECT 'elsewhere' FROM inventory_core_internal._home_range(tenant) AS h WHERE NOT h.includes_tenant;
END;
COMMENT ON FUNCTION inventory_core_internal._away(text) IS
    'No row if this server has the rows of the bound tenant; else moving or elsewhere. For set_tenant, after it has bound';
