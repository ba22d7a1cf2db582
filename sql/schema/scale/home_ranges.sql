-- Where the rows of tenants are, if they are spread over several servers or nodes (docs/scaling.md). A server that has all of
-- its tenants' rows, and always had, has no row here, and set_tenant looks no further (src/server/home.rs).
CREATE TABLE inventory_core_internal.home_ranges (
    lo integer NOT NULL,
    hi integer NOT NULL,
    CONSTRAINT home_ranges_pkey PRIMARY KEY (lo, hi),
    CONSTRAINT home_ranges_is_a_range CHECK (lo <= hi OR (lo, hi) = (0, -1))
);
COMMENT ON TABLE inventory_core_internal.home_ranges IS
    'The tenants whose rows are on this server, as ranges of hashtext(tenant); no row: all. Only the owner of the extension writes it';
COMMENT ON COLUMN inventory_core_internal.home_ranges.lo IS 'First hash of the range';
COMMENT ON COLUMN inventory_core_internal.home_ranges.hi IS
    'Last hash of the range; 0 to -1 is the empty range of a node without tenants';
SELECT pg_extension_config_dump('inventory_core_internal.home_ranges', '');
ALTER TABLE inventory_core_internal.home_ranges ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY all_ranges ON inventory_core_internal.home_ranges FOR SELECT USING (true);
COMMENT ON POLICY all_ranges ON inventory_core_internal.home_ranges IS 'Ranges name no tenant, so every reader sees all of them';
SELECT inventory_core_internal._let_owner_write('inventory_core_internal.home_ranges');
SELECT inventory_core_internal._collect_no_statistics('inventory_core_internal.home_ranges');

-- A function in FROM, so that the planner inlines it: a scalar one with subqueries would be planned at every call.
CREATE FUNCTION inventory_core_internal._home_range(tenant text) RETURNS TABLE (includes_tenant boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT NOT EXISTS (SELECT FROM inventory_core_internal.home_ranges AS r)
        OR EXISTS (SELECT FROM inventory_core_internal.home_ranges AS r
                   WHERE hashtext(tenant COLLATE "C") BETWEEN r.lo AND r.hi);
END;
COMMENT ON FUNCTION inventory_core_internal._home_range(text) IS
    'Whether the ranges of this server include the tenant; without ranges they include every tenant';
