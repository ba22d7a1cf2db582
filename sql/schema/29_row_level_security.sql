-- The second fence (every statement names its tenant itself). The policies ask the library and not
-- current_setting, which a session could make up before the library is loaded; as a subselect the
-- question is asked once a query. The restrictive twin keeps the fence closed where somebody adds a
-- permissive policy. DELETE has no WITH CHECK, so the access level stands in a policy of its own.
DO $$
DECLARE
    tenant_table text;
    to_delete text;
BEGIN
    FOR tenant_table, to_delete IN
        VALUES ('tenants', 'maintainer'), ('selections', 'maintainer'), ('sync_runs', 'maintainer'),
               ('sync_errors', 'maintainer'), ('items', 'maintainer'), ('run_changes_bitmaps', 'maintainer'),
               ('run_parts', 'writer'), ('last_seen', 'writer')
    LOOP
        EXECUTE format('ALTER TABLE inventory_core.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
                       tenant_table);
        EXECUTE format($policy$
            CREATE POLICY tenant_rows ON inventory_core.%1$I
                USING (tenant_id = (SELECT inventory_core._readable_tenant()))
                WITH CHECK (tenant_id = (SELECT inventory_core._writable_tenant('writer')));
            CREATE POLICY tenant_rows_only ON inventory_core.%1$I AS RESTRICTIVE
                USING (tenant_id = (SELECT inventory_core._readable_tenant()))
                WITH CHECK (tenant_id = (SELECT inventory_core._writable_tenant('writer')));
            CREATE POLICY delete_needs_access ON inventory_core.%1$I AS RESTRICTIVE FOR DELETE
                USING (tenant_id = (SELECT inventory_core._writable_tenant(%2$L)));
            $policy$, tenant_table, to_delete);
    END LOOP;
END
$$;
