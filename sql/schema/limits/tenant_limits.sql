-- Limits that the owner of the extension set for single tenants. A separate table, because a maintainer may delete the
-- tenant's rows of all other tables, and a closed tenant must stay closed.
CREATE TABLE inventory_core_internal.tenant_limits (
    tenant_id        text COLLATE "C" NOT NULL,
    max_running_runs integer NOT NULL,
    CONSTRAINT tenant_limits_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenant_limits_tenant_id_is_a_tenant CHECK (octet_length(tenant_id) BETWEEN 1 AND 255 AND tenant_id <> '*'),
    CONSTRAINT tenant_limits_max_running_runs_is_a_limit CHECK (max_running_runs BETWEEN -1 AND 1024)
);
COMMENT ON TABLE inventory_core_internal.tenant_limits IS
    'Limits of single tenants; only the owner of the extension writes them';
COMMENT ON COLUMN inventory_core_internal.tenant_limits.tenant_id IS 'Name of the tenant';
COMMENT ON COLUMN inventory_core_internal.tenant_limits.max_running_runs IS
    'Runs at once: 0 closes the tenant, -1 lifts the limit';
SELECT pg_extension_config_dump('inventory_core_internal.tenant_limits', '');
SELECT inventory_core_internal._fence_list('inventory_core_internal.tenant_limits');

CREATE FUNCTION inventory_core_internal._tenant_limit(tenant text) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce((SELECT l.max_running_runs FROM inventory_core_internal.tenant_limits AS l WHERE l.tenant_id = tenant),
                    inventory_core_internal._max_running_runs_per_tenant());
END
$$;
COMMENT ON FUNCTION inventory_core_internal._tenant_limit(text) IS
    'How many runs of a tenant may run at once; -1 means no limit';

CREATE FUNCTION inventory_core.set_tenant_limit(tenant text, max_running_runs integer) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._require_owner();
    PERFORM inventory_core_internal._require('tenant', tenant IS NOT NULL);
    PERFORM inventory_core_internal._check_tenant(tenant);
    IF max_running_runs NOT BETWEEN -1 AND 1024 THEN
        RAISE EXCEPTION 'invalid value for max_running_runs'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('It is %s.', max_running_runs),
                  HINT = 'Use a count up to 1024, 0 to close the tenant, -1 for no limit, NULL for the setting '
                         'inventory_core.max_running_runs_per_tenant.';
    END IF;
    IF max_running_runs IS NULL THEN
        DELETE FROM inventory_core_internal.tenant_limits AS l WHERE l.tenant_id = tenant;
    ELSE
        INSERT INTO inventory_core_internal.tenant_limits (tenant_id, max_running_runs)
        VALUES (tenant, set_tenant_limit.max_running_runs)
        ON CONFLICT ON CONSTRAINT tenant_limits_pkey DO UPDATE SET max_running_runs = excluded.max_running_runs;
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core.set_tenant_limit(text, integer) IS
    'Limits the running runs of a tenant: 0 closes it, -1 means no limit, NULL the setting; for the owner of the extension';
