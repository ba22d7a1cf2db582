CREATE FUNCTION inventory_core.metrics(by text DEFAULT 'tenant')
RETURNS TABLE (metric text, tenant_id text, selection_hash text, value double precision)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    max_runs CONSTANT integer := inventory_core_internal._max_running_runs();
    now CONSTANT timestamptz := inventory_core_internal._now();
    tenants text[];
    tenant text;
    failed boolean;
    sqlstate_of text;
    message text;
BEGIN
    PERFORM inventory_core_internal._require('by', by IS NOT NULL);
    IF by NOT IN ('tenant', 'selection') THEN
        RAISE EXCEPTION 'invalid argument of metrics'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'Argument by: it is not one of the two known values.',
                  HINT = 'Use ''tenant'' or ''selection''.';
    END IF;
    IF inventory_core.current_tenant() IS NOT NULL THEN
        RAISE EXCEPTION 'a tenant is bound to this transaction'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'metrics binds one tenant after another.',
                  HINT = 'Call it in a transaction of its own, or end the binding with inventory_core.clear_tenant().';
    END IF;
    tenants := inventory_core_internal._every_tenant();
    RETURN QUERY
    SELECT m.metric, NULL::text, NULL::text, m.value
    FROM (SELECT count(*)::double precision AS taken FROM inventory_core_internal.run_slots AS s
          WHERE s.holder IS NOT NULL AND s.expires_at > now) AS t
    CROSS JOIN LATERAL (VALUES ('inventory_core_slots', t.taken),
                               ('inventory_core_slots_limit',
                                CASE WHEN max_runs < 0 THEN double precision 'Infinity' ELSE max_runs END)) AS m (metric, value);
    FOREACH tenant IN ARRAY tenants LOOP
        -- A writer can store anything by direct statements. Whatever it is, the other tenants must be reported.
        BEGIN
            RETURN QUERY SELECT m.metric, tenant, m.selection_hash, m.value
                         FROM inventory_core_internal._tenant_metrics(tenant, by) AS m;
            failed := false;
        EXCEPTION
            WHEN others THEN
                GET STACKED DIAGNOSTICS sqlstate_of = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
                failed := true;
                RAISE WARNING 'metrics left tenant % out: %', tenant, message
                    USING ERRCODE = sqlstate_of,
                          DETAIL = 'The other tenants are reported.',
                          HINT = 'Bind this tenant and call inventory_core.doctor().';
        END;
        RETURN QUERY SELECT 'inventory_core_unreadable', tenant, NULL::text, failed::integer::double precision;
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory_core.metrics(text) IS
    'Gauges and counters of every tenant, or of every selection, for a monitoring system; the caller needs a grant of every tenant';
