-- Statistics are of all tenants' rows: from common values the planner guesses how many rows a query finds, EXPLAIN shows the
-- guess, and enough queries show the values. So ANALYZE collects none.
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
    'Lets ANALYZE collect no values of a table of which a role sees some rows';

-- The second fence around a table with tenants (every statement names its tenant itself). The policies ask the library and
-- not current_setting, which a session could make up before the library is loaded; as a subselect the question is asked
-- once a query. The restrictive twin keeps the fence closed where somebody adds a permissive policy. It compares the other
-- way round, so that the planner sees two comparisons, derives one between the two answers, and asks before it scans: also
-- where there is nothing to scan, an unbound reader gets an error and not an empty result. A row lock and a DELETE are
-- checked by USING alone, never by WITH CHECK, so the access that they need stands in policies of its own.
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
        COMMENT ON POLICY tenant_rows ON %1$s IS 'Rows of the bound tenant; writing needs the access of the binding';
        COMMENT ON POLICY tenant_rows_only ON %1$s IS
            'The same as a limit on whatever other policy there is; plans use an index of the tenant only';
        COMMENT ON POLICY update_needs_access ON %1$s IS 'To change or lock a row needs the access of the binding';
        COMMENT ON POLICY delete_needs_access ON %1$s IS 'To delete a row needs the access of the binding';
        $fence$, fenced_table, write_access, delete_access);
    PERFORM inventory_core_internal._collect_no_statistics(fenced_table);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._fence_table(regclass, text, text) IS
    'Row-level security of a table with tenants: rows of the bound tenant; to write and to delete them needs the access given';
