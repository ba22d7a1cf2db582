-- Statistics describe the rows of all tenants. The planner estimates row counts from common values, EXPLAIN shows the
-- estimate, and enough queries reveal the values. So ANALYZE collects no statistics.
CREATE FUNCTION inventory_core_internal._collect_no_statistics(fenced_table regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fenced_column name;
BEGIN
    FOR fenced_column IN
        SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = fenced_table AND a.attnum > 0 AND NOT a.attisdropped
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS 0', fenced_table, fenced_column);
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._collect_no_statistics(regclass) IS
    'Sets STATISTICS 0 on every column of a table with row-level security, so that ANALYZE stores no values';

-- The second fence around a table with tenants (every statement names its tenant itself). The policies call the library and
-- not current_setting, which a session could forge before the library is loaded. The call is a subselect, so it runs once
-- per query. The restrictive twin keeps the fence closed if a permissive policy is added later. Its comparison has the
-- operands in the other order: from two comparisons the planner derives one between the two calls, and evaluates it before
-- it scans. So an unbound reader gets an error, and not an empty result, even from an empty table. Row locks and DELETE are
-- checked by USING alone, never by WITH CHECK, so separate policies check the access that they need.
CREATE FUNCTION inventory_core_internal._fence_table(
    fenced_table regclass, delete_access text, write_access text DEFAULT 'writer') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format($fence$
        ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant_rows ON %1$s
            USING (tenant_id = (SELECT inventory_core_internal._readable_tenant()))
            WITH CHECK (tenant_id = (SELECT inventory_core_internal._writable_tenant(%2$L)));
        CREATE POLICY tenant_rows_only ON %1$s AS RESTRICTIVE
            USING ((SELECT inventory_core_internal._readable_tenant()) = tenant_id AND inventory_core_internal._fences_plans())
            WITH CHECK ((SELECT inventory_core_internal._writable_tenant(%2$L)) = tenant_id);
        CREATE POLICY update_needs_access ON %1$s AS RESTRICTIVE FOR UPDATE
            USING (tenant_id = (SELECT inventory_core_internal._writable_tenant(%2$L)));
        CREATE POLICY delete_needs_access ON %1$s AS RESTRICTIVE FOR DELETE
            USING (tenant_id = (SELECT inventory_core_internal._writable_tenant(%3$L)));
        COMMENT ON POLICY tenant_rows ON %1$s IS 'Rows of the bound tenant; writing them requires the access of the binding';
        COMMENT ON POLICY tenant_rows_only ON %1$s IS
            'The same as a restriction on every other policy; plans use an index of the tenant only';
        COMMENT ON POLICY update_needs_access ON %1$s IS 'Changing or locking a row requires the access of the binding';
        COMMENT ON POLICY delete_needs_access ON %1$s IS 'Deleting a row requires the access of the binding';
        $fence$, fenced_table, write_access, delete_access);
    PERFORM inventory_core_internal._collect_no_statistics(fenced_table);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._fence_table(regclass, text, text) IS
    'Row-level security of a table with tenants: rows of the bound tenant, written with the given access only';

-- The fence around a list of tenants that only the owner of the extension writes. A tenant sees its own row; the policies
-- compare with a range, as those of tenants do, and the last two raise for an unbound reader (see there).
CREATE FUNCTION inventory_core_internal._fence_list(fenced_table regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format($fence$
        ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        CREATE POLICY own_row ON %1$s FOR SELECT
            USING (tenant_id >= (SELECT inventory_core_internal._first_listed_tenant())
                   AND tenant_id <= (SELECT inventory_core_internal._last_listed_tenant()));
        CREATE POLICY own_row_only ON %1$s AS RESTRICTIVE FOR SELECT
            USING ((SELECT inventory_core_internal._first_listed_tenant()) <= tenant_id
                   AND (SELECT inventory_core_internal._last_listed_tenant()) >= tenant_id
                   AND inventory_core_internal._fences_plans());
        CREATE POLICY bound_at_all ON %1$s AS RESTRICTIVE FOR SELECT
            USING (tableoid = (SELECT %1$L::regclass WHERE inventory_core_internal._first_listed_tenant() IS NOT NULL));
        CREATE POLICY bound_at_all_first ON %1$s AS RESTRICTIVE FOR SELECT
            USING ((SELECT %1$L::regclass WHERE inventory_core_internal._first_listed_tenant() IS NOT NULL) = tableoid);
        COMMENT ON POLICY own_row ON %1$s IS 'A tenant sees its own row; the owner of the extension sees all rows';
        COMMENT ON POLICY own_row_only ON %1$s IS
            'The same as a restriction on every other policy; plans use an index of the tenant only';
        COMMENT ON POLICY bound_at_all ON %1$s IS 'Requires a bound tenant, however the table is read';
        COMMENT ON POLICY bound_at_all_first ON %1$s IS
            'The same with the operands exchanged, so that it is evaluated before the table is read';
        $fence$, fenced_table);
    PERFORM inventory_core_internal._let_owner_write(fenced_table);
    PERFORM inventory_core_internal._collect_no_statistics(fenced_table);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._fence_list(regclass) IS
    'Row-level security of a list of tenants that the owner of the extension writes: a tenant sees its own row';
