CREATE FUNCTION inventory_core.set_tenant_limit(tenant text, max_running_runs integer) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._require('tenant', tenant IS NOT NULL);
    PERFORM inventory_core_internal._check_tenant(tenant);
    IF max_running_runs NOT BETWEEN -1 AND 1024 THEN
        RAISE EXCEPTION 'invalid value for max_running_runs'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('It is %s.', max_running_runs),
                  HINT = 'Use a count up to 1024, 0 to close the tenant, -1 for no limit, NULL for the setting '
                         'inventory_core.max_running_runs_per_tenant.';
    END IF;
    -- Starts in the middle are not waited for: later ones count them, under whichever limit they began.
    INSERT INTO inventory_core_internal.tenants AS t (tenant_id, max_running_runs)
    VALUES (tenant, set_tenant_limit.max_running_runs)
    ON CONFLICT ON CONSTRAINT tenants_pkey DO UPDATE SET max_running_runs = excluded.max_running_runs;
END
$$;
COMMENT ON FUNCTION inventory_core.set_tenant_limit(text, integer) IS
    'How many runs of a tenant may run at once: 0 closes it, -1 lifts the limit, NULL means the setting; for the owner of the extension';
