CREATE FUNCTION inventory_core.set_tenant_limit(tenant text, max_running_runs integer) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core._require('tenant', tenant IS NOT NULL);
    PERFORM inventory_core._check_tenant(tenant);
    IF max_running_runs NOT BETWEEN -1 AND 1024 THEN
        RAISE EXCEPTION 'invalid value for max_running_runs'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('It is %s.', max_running_runs),
                  HINT = 'Use a count up to 1024, 0 to close the tenant, -1 for no limit, NULL for the setting '
                         'inventory_core.max_running_runs_per_tenant.';
    END IF;
    PERFORM inventory_core._add_tenant(tenant);
    -- Waits for the starts in the middle, which count under the limit that they began with.
    PERFORM 1 FROM inventory_core.selections AS s
    WHERE s.tenant_id = tenant AND s.selection_hash = '*'
    FOR UPDATE;
    UPDATE inventory_core.tenants AS t SET max_running_runs = set_tenant_limit.max_running_runs
    WHERE t.tenant_id = tenant;
END
$$;
COMMENT ON FUNCTION inventory_core.set_tenant_limit(text, integer) IS
    'How many runs of a tenant may run at once: 0 closes it, -1 lifts the limit, NULL means the setting; for the owner of the extension';
