CREATE VIEW inventory_core.inventory_sync_errors WITH (security_invoker = true, security_barrier = true) AS
SELECT e.tenant_id, e.run_id, e.error_no, e.error_code, e.upstream_code, e.http_status, e.policy_type, e.message,
       e.recorded_at
FROM inventory_core_internal.sync_errors AS e
WHERE (SELECT inventory_core_internal._may_read());
COMMENT ON VIEW inventory_core.inventory_sync_errors IS 'What went wrong in the runs of the bound tenant';
COMMENT ON COLUMN inventory_core.inventory_sync_errors.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core.inventory_sync_errors.run_id IS 'The run in which it occurred';
COMMENT ON COLUMN inventory_core.inventory_sync_errors.error_no IS 'Number of the error within its run, from 1';
COMMENT ON COLUMN inventory_core.inventory_sync_errors.error_code IS 'One of the known codes';
COMMENT ON COLUMN inventory_core.inventory_sync_errors.upstream_code IS
    'The code that the caller passed, if it is not a known code; redacted';
COMMENT ON COLUMN inventory_core.inventory_sync_errors.http_status IS
    'The status of the API''s answer, if there was one';
COMMENT ON COLUMN inventory_core.inventory_sync_errors.policy_type IS
    'The policy type that it concerns; NULL if it concerns all';
COMMENT ON COLUMN inventory_core.inventory_sync_errors.message IS 'What the API or the driver said, redacted';
COMMENT ON COLUMN inventory_core.inventory_sync_errors.recorded_at IS 'When it was recorded';

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
    'The view inventory_sync_errors for one tenant, in one statement';
