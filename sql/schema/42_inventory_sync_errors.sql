CREATE VIEW inventory_core.inventory_sync_errors WITH (security_invoker = true, security_barrier = true) AS
SELECT e.tenant_id, e.run_id, e.error_no, e.error_code, e.upstream_code, e.http_status, e.policy_type, e.message,
       e.recorded_at
FROM inventory_core.sync_errors AS e
WHERE (SELECT inventory_core._may_read());
COMMENT ON VIEW inventory_core.inventory_sync_errors IS 'What went wrong in the runs of the bound tenant';

CREATE FUNCTION inventory_core.inventory_sync_errors(tenant text) RETURNS SETOF inventory_core.inventory_sync_errors
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core.set_tenant(tenant);
    RETURN QUERY SELECT v.* FROM inventory_core.inventory_sync_errors AS v WHERE v.tenant_id = tenant;
END
$$;
COMMENT ON FUNCTION inventory_core.inventory_sync_errors(text) IS
    'The view inventory_sync_errors, tenant bound, in one statement';
