CREATE FUNCTION inventory_core_internal._access_objects(access text)
RETURNS TABLE (privileges text, object text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- Each level has what the ones before it have, and its own lines.
    WITH wanted (level, privileges, kind, names) AS (VALUES
        (1, 'SELECT', 'TABLE', ARRAY[
            'tenants', 'tenant_grants', 'meta_whitelist', 'selections', 'sync_runs', 'sync_errors', 'items',
            'run_parts', 'last_seen', 'run_changes_bitmaps', 'cooldowns', 'refusals', 'open_starts', 'pruned_runs',
            'item_types', 'presence', 'selection_types', 'type_counts',
            'inventory_items', 'inventory_sync_runs', 'inventory_sync_errors', 'inventory_selections', 'run_progress']),
        (1, 'EXECUTE', 'FUNCTION', ARRAY[
            'set_tenant', 'clear_tenant', 'current_tenant', 'granted_tenants', '_now',
            'missing_items', 'missing_summary', 'explain_missing', 'selection_status', 'run_changes', 'type_counts',
            'cooling_down', 'try_lock_selection', 'doctor',
            'inventory_items', 'inventory_sync_runs', 'inventory_sync_errors', 'inventory_selections', 'run_progress']),
        -- the limit of a tenant is not its own to set
        (2, 'INSERT (tenant_id), UPDATE (next_item_id)', 'TABLE', ARRAY['tenants']),
        (2, 'INSERT, UPDATE', 'TABLE', ARRAY[
            'selections', 'sync_runs', 'items', 'run_parts', 'last_seen', 'cooldowns', 'item_types', 'presence', 'selection_types']),
        (2, 'SELECT, UPDATE (run_id, expires_at)', 'TABLE', ARRAY['run_slots']),
        (2, 'SELECT, INSERT, DELETE', 'TABLE', ARRAY['slot_leases']),
        (2, 'INSERT', 'TABLE', ARRAY['sync_errors', 'run_changes_bitmaps', 'refusals', 'open_starts', 'type_counts']),
        (2, 'DELETE', 'TABLE', ARRAY['run_parts', 'last_seen', 'refusals', 'open_starts']),
        (2, 'EXECUTE', 'FUNCTION', ARRAY[
            '_begin_write', '_pass_gate', '_close_gate', '_share_run', '_add_tenant', '_share_tenant', '_add_part',
            '_add_error', '_record_rejected',
            '_fold', '_fold_types', '_fold_presence', '_fold_into_tenant', '_close_run', '_add_doubts',
            '_add_missing', '_judge_types', '_take_over', '_reap', '_insert_run', '_refuse_start',
            '_blocking_run', '_obstacle', '_share_limit', '_choose_tenant_slot', '_mark_open_start', '_is_open_start',
            '_is_being_forgotten', '_exceeds_tenant_limit', '_slot_is_over', '_taken_beyond',
            '_try_slot', '_choose_run_slot', '_take_slot', '_keep_slot', '_give_slot_back',
            'start_run', 'upsert_items', 'heartbeat', 'record_error', 'record_throttle', 'finish_run', 'reap_expired_runs']),
        (3, 'UPDATE', 'TABLE', ARRAY['run_changes_bitmaps']),
        (3, 'DELETE', 'TABLE', ARRAY[
            'tenants', 'selections', 'sync_runs', 'sync_errors', 'items', 'run_changes_bitmaps', 'cooldowns', 'item_types',
            'presence', 'selection_types', 'type_counts']),
        (3, 'INSERT, DELETE', 'TABLE', ARRAY['pruned_runs']),
        (3, 'EXECUTE', 'FUNCTION', ARRAY[
            'forget_items', '_prune', 'prune_runs', 'forget_missing', 'forget_tenant', 'end_cooldown',
            '_bind_every', '_maintained_tenants', '_drop_old_leases', '_maintain_step', 'maintain'])
    )
    SELECT w.privileges, 'TABLE ' || c.oid::regclass
    FROM wanted AS w
    JOIN pg_class AS c ON c.relnamespace IN ('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace) AND c.relname = ANY (w.names)
    WHERE w.kind = 'TABLE' AND w.level <= array_position(ARRAY['reader', 'writer', 'maintainer'], access)
    UNION ALL
    SELECT w.privileges, 'ROUTINE ' || p.oid::regprocedure
    FROM wanted AS w
    JOIN pg_proc AS p ON p.pronamespace IN ('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace) AND p.proname = ANY (w.names)
    WHERE w.kind = 'FUNCTION' AND w.level <= array_position(ARRAY['reader', 'writer', 'maintainer'], access)
    UNION ALL
    -- what the functions above ask: private functions that change nothing
    SELECT 'EXECUTE', 'ROUTINE ' || p.oid::regprocedure
    FROM pg_proc AS p
    WHERE p.pronamespace = 'inventory_core_internal'::regnamespace AND p.provolatile <> 'v'
      AND access IS NOT NULL;
END;
COMMENT ON FUNCTION inventory_core_internal._access_objects(text) IS
    'What a role of an access level may do, object by object; rows are a matter of the policies';

CREATE FUNCTION inventory_core_internal._strongest_access(role regrole) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT g.access
    FROM inventory_core_internal.tenant_grants AS g
    WHERE g.role_oid = role AND g.role_name = pg_get_userbyid(role)
    ORDER BY array_position(ARRAY['maintainer', 'writer', 'reader'], g.access)
    LIMIT 1;
END;
COMMENT ON FUNCTION inventory_core_internal._strongest_access(regrole) IS 'The strongest access that a role was granted to any tenant';

CREATE FUNCTION inventory_core_internal._apply_grants(role regrole) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    strongest text := inventory_core_internal._strongest_access(role);
    line record;
BEGIN
    FOR line IN SELECT a.privileges, a.object FROM inventory_core_internal._access_objects('maintainer') AS a LOOP
        EXECUTE format('REVOKE %s ON %s FROM %s', line.privileges, line.object, role);
    END LOOP;
    FOR line IN SELECT a.privileges, a.object FROM inventory_core_internal._access_objects(strongest) AS a LOOP
        EXECUTE format('GRANT %s ON %s TO %s', line.privileges, line.object, role);
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._apply_grants(regrole) IS
    'Gives a role the privileges that its grants need, and no others of ours';

CREATE FUNCTION inventory_core_internal._check_grant(role regrole, tenant text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._require('role', role IS NOT NULL);
    PERFORM inventory_core_internal._require('tenant', tenant IS NOT NULL);
    IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = role) THEN
        RAISE EXCEPTION 'role does not exist'
            USING ERRCODE = 'undefined_object',
                  DETAIL = format('No role has the number %s.', role::oid),
                  HINT = 'Pass the name of a role, quoted as in SQL: ''"My App"''.';
    END IF;
    IF tenant <> '*' THEN
        PERFORM inventory_core_internal._check_tenant(tenant);
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._check_grant(regrole, text) IS 'Raises where a role or tenant cannot be granted';

CREATE FUNCTION inventory_core.grant_access(role regrole, tenant text, access text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    present text;
BEGIN
    PERFORM inventory_core_internal._check_grant(role, tenant);
    PERFORM inventory_core_internal._require('access', access IS NOT NULL);
    IF access NOT IN ('reader', 'writer', 'maintainer') THEN
        RAISE EXCEPTION 'invalid value for access'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'It is none of the three known values.',
                  HINT = 'Use ''reader'', ''writer'' or ''maintainer''.';
    END IF;
    -- One at a time: the privileges of an object are one row of the catalogue.
    LOCK TABLE inventory_core_internal.tenant_grants IN SHARE ROW EXCLUSIVE MODE;
    present := inventory_core_internal._strongest_access(role);
    INSERT INTO inventory_core_internal.tenant_grants AS g (tenant_id, role_name, role_oid, access, granted_at)
    VALUES (tenant, pg_get_userbyid(role), role, access, inventory_core_internal._now())
    ON CONFLICT ON CONSTRAINT tenant_grants_pkey DO UPDATE
    SET role_oid = excluded.role_oid, access = excluded.access, granted_at = excluded.granted_at;
    IF inventory_core_internal._strongest_access(role) IS DISTINCT FROM present THEN
        PERFORM inventory_core_internal._apply_grants(role);
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core.grant_access(regrole, text, text) IS
    'Lets a role bind a tenant (* = every one) as reader, writer or maintainer; for the owner of the extension';

CREATE FUNCTION inventory_core.revoke_access(role regrole, tenant text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    present text;
BEGIN
    PERFORM inventory_core_internal._check_grant(role, tenant);
    -- One at a time: the privileges of an object are one row of the catalogue.
    LOCK TABLE inventory_core_internal.tenant_grants IN SHARE ROW EXCLUSIVE MODE;
    present := inventory_core_internal._strongest_access(role);
    DELETE FROM inventory_core_internal.tenant_grants AS g
    -- by the number too: a role may have been renamed since
    WHERE g.tenant_id = tenant AND (g.role_name = pg_get_userbyid(role) OR g.role_oid = role);
    IF inventory_core_internal._strongest_access(role) IS DISTINCT FROM present THEN
        PERFORM inventory_core_internal._apply_grants(role);
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core.revoke_access(regrole, text) IS
    'Takes back what grant_access gave for this tenant; for the owner of the extension';
