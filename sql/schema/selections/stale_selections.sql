CREATE FUNCTION inventory_core_internal._stale_selections(tenant text, clean_until timestamptz)
RETURNS TABLE (tenant_id text, selection_hash text, selection jsonb, latest_success_at timestamptz, latest_status text,
               error_codes text[])
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.tenant_id, s.selection_hash, s.selection, clean.finished_at, latest.status,
           ARRAY(SELECT DISTINCT e.error_code FROM inventory_core_internal.sync_errors AS e
                 WHERE e.tenant_id = _stale_selections.tenant AND e.run_id = latest.run_id
                 ORDER BY e.error_code)
    FROM inventory_core_internal.selections AS s
    LEFT JOIN LATERAL (SELECT r.finished_at FROM inventory_core_internal.sync_runs AS r
                       WHERE r.tenant_id = _stale_selections.tenant AND r.selection_hash = s.selection_hash AND r.is_clean
                       ORDER BY r.run_seq DESC LIMIT 1) AS clean ON true
    LEFT JOIN LATERAL (SELECT r.run_id, r.status FROM inventory_core_internal.sync_runs AS r
                       WHERE r.tenant_id = _stale_selections.tenant AND r.selection_hash = s.selection_hash
                         AND r.status <> 'running'
                       ORDER BY r.run_seq DESC LIMIT 1) AS latest ON true
    WHERE s.tenant_id = _stale_selections.tenant
      -- a selection without a clean run is as old as its first run
      AND coalesce(clean.finished_at, s.first_run_at) <= _stale_selections.clean_until
    ORDER BY coalesce(clean.finished_at, s.first_run_at), s.selection_hash;
END;
COMMENT ON FUNCTION inventory_core_internal._stale_selections(text, timestamptz) IS
    'The selections of a tenant without a clean run, full or delta, that ended later than a time';

CREATE FUNCTION inventory_core.stale_selections(older_than interval, tenant text DEFAULT NULL)
RETURNS TABLE (tenant_id text, selection_hash text, selection jsonb, latest_success_at timestamptz, latest_status text,
               error_codes text[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    each_tenant text;
    clean_until timestamptz;
BEGIN
    IF tenant IS NOT NULL THEN
        PERFORM inventory_core.set_tenant(tenant);
    END IF;
    PERFORM inventory_core_internal._require('older_than', older_than IS NOT NULL);
    -- by both measures: '-12 months 361 days' compares as positive, but adding it gives an earlier time
    IF older_than < interval '0' OR extract(epoch FROM older_than) < 0 THEN
        RAISE EXCEPTION 'invalid argument of stale_selections'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('Argument older_than: it is %s.', older_than),
                  HINT = 'older_than is an interval and not negative.';
    END IF;
    clean_until := inventory_core_internal._time_before(older_than);
    IF tenant IS NOT NULL THEN
        RETURN QUERY SELECT s.* FROM inventory_core_internal._stale_selections(tenant, clean_until) AS s;
        RETURN;
    END IF;
    -- A superuser needs no binding.
    FOREACH each_tenant IN ARRAY inventory_core_internal._every_tenant() LOOP
        IF row_security_active('inventory_core_internal.selections') THEN
            PERFORM inventory_core.set_tenant(each_tenant);
        END IF;
        RETURN QUERY SELECT s.* FROM inventory_core_internal._stale_selections(each_tenant, clean_until) AS s;
        IF row_security_active('inventory_core_internal.selections') THEN
            PERFORM inventory_core.clear_tenant();
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory_core.stale_selections(interval, text) IS
    'The selections without a clean run for so long, the longest first; without a tenant, of every tenant of a role granted *';
