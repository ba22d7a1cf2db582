CREATE FUNCTION inventory_core.doctor()
RETURNS TABLE (check_name text, ok boolean, detail text, hint text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    sees_all boolean := NOT row_security_active('inventory_core_internal.sync_runs');
BEGIN
    RETURN QUERY
    SELECT d.check_name, d.ok, d.detail, CASE WHEN NOT d.ok THEN d.hint END FROM inventory_core_internal._doctor_server() AS d;
    IF sees_all OR inventory_core.current_tenant() IS NOT NULL THEN
        RETURN QUERY
        SELECT d.check_name, d.ok, d.detail, CASE WHEN NOT d.ok THEN d.hint END
        FROM inventory_core_internal._doctor_tenants(sees_all) AS d;
    ELSE
        RETURN QUERY
        SELECT n.check_name, NULL::boolean, 'Not checked: no tenant is bound.',
               'Call inventory_core.set_tenant(tenant) in an earlier statement of the transaction.'
        FROM unnest(ARRAY['expired_runs', 'long_runs', 'never_completed', 'stale_selections', 'last_seen_sets']) AS n (check_name);
    END IF;
    IF sees_all AND has_table_privilege('inventory_core_internal.run_slots', 'SELECT') THEN
        RETURN QUERY
        SELECT d.check_name, d.ok, d.detail, CASE WHEN NOT d.ok THEN d.hint END FROM inventory_core_internal._doctor_owner() AS d;
    ELSE
        RETURN QUERY
        SELECT n.check_name, NULL::boolean, 'Not checked: this needs the rows of every tenant.',
               'Call doctor as a superuser.'
        FROM unnest(ARRAY['run_slots', 'grants', 'memberships', 'members_without_grant']) AS n (check_name);
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core.doctor() IS
    'Checks for operators, each with what to do; ok is NULL if the caller cannot see what is checked';
