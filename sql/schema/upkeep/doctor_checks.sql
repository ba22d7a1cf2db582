-- The checks of doctor. ok is NULL if the caller cannot see what is checked.

CREATE FUNCTION inventory_core_internal._security_floor(major integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
-- The first minor releases in which statistics no longer show rows that row-level security hides
-- (CVE-2025-8713, August 2025). 18.0 includes the fix.
RETURN CASE major WHEN 15 THEN 14 WHEN 16 THEN 10 WHEN 17 THEN 6 ELSE 0 END;
COMMENT ON FUNCTION inventory_core_internal._security_floor(integer) IS
    'The oldest minor release of a major version without known leaks of row-level security';

CREATE FUNCTION inventory_core_internal._doctor_server()
RETURNS TABLE (check_name text, ok boolean, detail text, hint text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    version integer := current_setting('server_version_num')::integer;
    floor integer := inventory_core_internal._security_floor(version / 10000);
    installed record;
BEGIN
    -- not wrong: the owner and upkeep may be superusers
    RETURN QUERY SELECT
        'row_level_security', CASE WHEN row_security_active('inventory_core_internal.items') THEN true END,
        CASE WHEN row_security_active('inventory_core_internal.items')
             THEN format('The policies apply to %I.', current_user)
             ELSE format('%I is a superuser or has BYPASSRLS, so it sees the rows of every tenant. '
                         'A backend should connect as a plain role.', current_user) END,
        NULL;
    RETURN QUERY SELECT
        'policies', count(*) = 0,
        CASE WHEN count(*) = 0 THEN 'Row-level security is forced on every table with tenants.'
             ELSE format('Not fenced: %s.', string_agg(c.relname, ', ' ORDER BY c.relname)) END,
        'ALTER TABLE ... ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, or install the extension again.'
    FROM pg_class AS c
    WHERE c.relnamespace = 'inventory_core_internal'::regnamespace AND c.relkind IN ('r', 'p')
      -- not the shards of Citus, which have no row
      AND c.relname !~ '^tenant_home_[0-9]+$'
      AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity
               AND EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND NOT p.polpermissive));
    RETURN QUERY SELECT
        'statistics', count(*) = 0,
        CASE WHEN count(*) = 0 THEN 'ANALYZE collects no values of tables with tenants, so no plan shows any.'
             ELSE format('%s columns have statistics, one of them %s.',
                         count(*), min(format('%s.%I', a.attrelid::regclass, a.attname))) END,
        'ALTER TABLE ... ALTER COLUMN ... SET STATISTICS 0, and DELETE FROM pg_statistic WHERE starelid = ''...''::regclass.'
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'inventory_core_internal'::regnamespace AND c.relkind IN ('r', 'p')
      AND c.relname <> 'meta_whitelist' AND a.attstattarget IS DISTINCT FROM 0;
    RETURN QUERY SELECT
        'group_roles', count(*) = 0,
        CASE WHEN count(*) = 0 THEN 'The three group roles are as the extension creates them.'
             ELSE string_agg(format('%I %s.', g.role_name, g.problem), ' ' ORDER BY g.role_name) END,
        'Restore them: NOLOGIN, no attributes, owning nothing, each a member only of the one before it.'
    FROM inventory_core_internal._group_role_problems() AS g;
    RETURN QUERY SELECT
        'group_privileges', count(*) = 0,
        CASE WHEN count(*) = 0 THEN 'The group roles have the privileges that the extension gave them.'
             ELSE format('%s privileges were taken from the group roles, one of them %s.',
                         count(*), min(format('%s on %s of %s', l.privileges, l.object, l.grantee))) END,
        'Repeat SELECT inventory_core.grant_access(role, tenant, access) for any existing grant: it restores them for all roles.'
    FROM inventory_core_internal._lost_privileges() AS l;
    -- a role with BYPASSRLS may dump
    RETURN QUERY SELECT
        'privileges', count(*) = 0,
        CASE WHEN count(*) = 0 THEN 'Only the group roles have privileges on the tables and functions of tenants.'
             ELSE format('%s privileges of others, one of them %s.',
                         count(*), min(format('%s on %s of %s', f.privileges, f.object, f.grantee))) END,
        'REVOKE them: only inventory_core.grant_access should give access.'
    FROM inventory_core_internal._foreign_privileges() AS f
    LEFT JOIN pg_roles AS r ON r.rolname = f.grantee
    WHERE NOT (f.privileges IN ('SELECT', 'USAGE') AND coalesce(r.rolbypassrls OR r.rolsuper, false))
      AND NOT (f.grantee = 'PUBLIC' AND (f.object = 'SCHEMA inventory_core' OR f.object IN (
          SELECT 'ROUTINE ' || p.oid::regprocedure FROM pg_proc AS p
          WHERE p.pronamespace IN ('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace)
            AND p.proname IN (SELECT x.name FROM inventory_core_internal._public_functions() AS x (name)))));
    RETURN QUERY SELECT
        'triggers', count(*) = 0,
        CASE WHEN count(*) = 0 THEN 'The triggers that redact fire always.'
             ELSE format('Triggers that do not fire always: %s.',
                         string_agg(format('%I on %s', t.tgname, t.tgrelid::regclass), ', ' ORDER BY t.tgrelid::regclass::text)) END,
        'ALTER TABLE ... ENABLE ALWAYS TRIGGER ...; pg_restore --disable-triggers, for example, changes this.'
    FROM pg_trigger AS t
    JOIN pg_class AS c ON c.oid = t.tgrelid
    JOIN pg_proc AS p ON p.oid = t.tgfoid       -- others may have triggers of their own there
    WHERE c.relnamespace = 'inventory_core_internal'::regnamespace
      AND p.pronamespace = 'inventory_core_internal'::regnamespace AND NOT t.tgisinternal AND t.tgenabled <> 'A';
    RETURN QUERY SELECT
        'prepared_transactions', count(*) = 0,
        CASE WHEN count(*) = 0 THEN 'No transaction of this database has been prepared for longer than an hour.'
             ELSE format('%s transactions were prepared more than an hour ago, one of them %s.', count(*), min(x.gid)) END,
        'COMMIT PREPARED or ROLLBACK PREPARED: until then their runs can neither finish nor be taken over.'
    FROM pg_prepared_xacts AS x
    WHERE x.database = current_database() AND x.prepared < clock_timestamp() - interval '1 hour';
    RETURN QUERY SELECT
        'server_version', version % 10000 >= floor,
        format('PostgreSQL %s; row-level security has no known leak from %s.%s on.',
               current_setting('server_version'), version / 10000, floor),
        'Install the latest minor release of this major and restart the server.';

    SELECT e.extversion, v.default_version INTO installed
    FROM pg_extension AS e
    LEFT JOIN pg_available_extensions AS v ON v.name = e.extname
    WHERE e.extname = 'inventory_core';
    RETURN QUERY SELECT
        'library_version',
        installed.extversion = inventory_core_internal._library_version()
            AND installed.extversion IS NOT DISTINCT FROM installed.default_version,
        format('Catalogue %s, library in this session %s, files on the server %s.',
               installed.extversion, inventory_core_internal._library_version(), installed.default_version),
        'ALTER EXTENSION inventory_core UPDATE; then reconnect all sessions.';
    RETURN QUERY SELECT
        'clock', inventory_core_internal._clock_setting() IS NULL,
        CASE WHEN inventory_core_internal._clock_setting() IS NULL THEN 'Times come from the server''s clock.'
             ELSE format('inventory_core.clock is set to %s.', inventory_core_internal._clock_setting()) END,
        'inventory_core.clock is for tests: RESET it, also with ALTER DATABASE or ALTER ROLE if it is set there.';
    RETURN QUERY SELECT
        'meta_whitelist', true,
        CASE WHEN count(*) > 0 THEN format('%s keys are stored.', count(*))
             ELSE 'No key is allowed, so meta is not stored. inventory_core.allow_meta(policy_type, key, ...) allows some.' END,
        NULL
    FROM inventory_core_internal.meta_whitelist AS w;
    -- pg_dump fails on tables whose row-level security applies to the role that dumps
    RETURN QUERY SELECT
        'dump_role', coalesce(bool_or(d.reads_all), false) AND coalesce(bool_and(d.reads_all OR NOT d.reads_some), true),
        format('Roles that can dump every tenant: %s. Roles with BYPASSRLS that cannot read every table: %s.',
               coalesce(string_agg(d.rolname, ', ' ORDER BY d.rolname) FILTER (WHERE d.reads_all), 'none'),
               coalesce(string_agg(d.rolname, ', ' ORDER BY d.rolname)
                            FILTER (WHERE d.reads_some AND NOT d.reads_all), 'none')),
        'Dump as a superuser, or as a role with BYPASSRLS: GRANT pg_read_all_data TO it.'
    FROM (SELECT r.rolname,
                 has_schema_privilege(r.oid, 'inventory_core_internal', 'USAGE')
                     AND bool_and(has_table_privilege(r.oid, t.oid, 'SELECT')) AS reads_all,
                 bool_or(has_table_privilege(r.oid, t.oid, 'SELECT')) AS reads_some
          FROM pg_roles AS r
          CROSS JOIN pg_extension AS e
          CROSS JOIN unnest(e.extconfig) AS t (oid)
          WHERE (r.rolsuper OR r.rolbypassrls) AND r.rolcanlogin AND e.extname = 'inventory_core'
          GROUP BY r.oid, r.rolname) AS d;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._doctor_server() IS 'The checks of doctor that concern no tenant';

CREATE FUNCTION inventory_core_internal._doctor_tenants(every_tenant boolean)
RETURNS TABLE (check_name text, ok boolean, detail text, hint text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound text := inventory_core.current_tenant();
    now timestamptz := inventory_core_internal._now();
BEGIN
    RETURN QUERY
    WITH running AS (
        SELECT r.tenant_id, r.run_id, r.started_at, inventory_core_internal._lease_end(r) AS lease_end
        FROM inventory_core_internal.sync_runs AS r
        WHERE (every_tenant OR r.tenant_id = bound) AND r.status = 'running')
    SELECT c.check_name, c.found = 0,
           CASE WHEN c.found = 0 THEN c.fine ELSE format(c.problem, c.found, c.first) END, c.hint
    FROM (SELECT 'expired_runs' AS check_name, 'No running run has an expired lease.' AS fine,
                 'The lease of %s running runs has expired, one of them of tenant %s.' AS problem,
                 'SELECT inventory_core.reap_expired_runs(tenant), or CALL inventory_core.maintain(); then see why the '
                 'worker died.' AS hint,
                 count(*) AS found, min(format('%s: %s', r.tenant_id, r.run_id)) AS first
          FROM running AS r WHERE r.lease_end <= now
          UNION ALL
          SELECT 'long_runs', 'No run has been running for a day.',
                 '%s runs have been running for more than a day, one of them of tenant %s.',
                 'See run_progress. A worker that hangs and still sends heartbeats must be stopped where it runs.',
                 count(*), min(format('%s: %s', r.tenant_id, r.run_id))
          FROM running AS r WHERE r.lease_end > now AND r.started_at <= now - interval '1 day') AS c;

    RETURN QUERY
    SELECT 'never_completed', count(*) = 0,
           CASE WHEN count(*) = 0 THEN 'Every selection has a completed run, or its first one is running.'
                ELSE format('%s selections have no completed run, one of them of tenant %s.',
                            count(*), min(format('%s: %s', s.tenant_id, s.selection_hash))) END,
           'See refused_count and last_refused_reason in inventory_selections, and inventory_core.cooling_down(tenant).'
    FROM inventory_core_internal.selections AS s
    WHERE (every_tenant OR s.tenant_id = bound)
      AND NOT EXISTS (SELECT FROM inventory_core_internal.sync_runs AS r
                      WHERE r.tenant_id = s.tenant_id AND r.selection_hash = s.selection_hash
                        AND (r.status <> 'running' OR inventory_core_internal._lease_end(r) > now));

    RETURN QUERY
    SELECT 'stale_selections', count(*) = 0,
           CASE WHEN count(*) = 0 THEN 'Every selection has had a clean run within a week, or is younger.'
                ELSE format('%s selections have had no clean run for a week, one of them of tenant %s.',
                            count(*), min(format('%s: %s', s.tenant_id, s.selection_hash))) END,
           'See inventory_core.stale_selections(interval ''7 days'', tenant). If one is no longer listed, call '
           'inventory_core.forget_selection(tenant, selection_hash).'
    FROM (SELECT DISTINCT t.tenant_id FROM inventory_core_internal.selections AS t
          WHERE every_tenant OR t.tenant_id = bound) AS t
    CROSS JOIN LATERAL inventory_core_internal._stale_selections(t.tenant_id, now - interval '7 days') AS s;

    -- A writer can store anything there. Whatever it is, the other checks must be reported.
    BEGIN
        RETURN QUERY
        WITH valid AS MATERIALIZED (
            SELECT l.* FROM inventory_core_internal.last_seen AS l
            WHERE (every_tenant OR l.tenant_id = bound) AND inventory_core_internal._is_bitmap(l.item_ids))
        SELECT 'last_seen_sets', count(*) = 0,
               CASE WHEN count(*) = 0 THEN 'The sets of last_seen agree with the runs.'
                    ELSE format('%s sets do not agree with the runs, one of them of tenant %s.',
                                count(*), min(format('%s: %s', p.tenant_id, p.problem))) END,
               'Something other than this extension wrote last_seen or sync_runs: restore them from a dump, or call '
               'forget_tenant and sync again.'
        FROM (SELECT l.tenant_id, format('run %s holds sets of selection %s', r.run_id, l.selection_hash) AS problem
              FROM inventory_core_internal.last_seen AS l
              JOIN inventory_core_internal.sync_runs AS r ON r.tenant_id = l.tenant_id AND r.run_id = l.run_id
              WHERE (every_tenant OR l.tenant_id = bound)
                AND (r.status = 'running' OR l.selection_hash NOT IN ('*', r.selection_hash))
              UNION ALL
              SELECT v.tenant_id, format('the sets of selection %s overlap', v.selection_hash)
              FROM valid AS v
              GROUP BY v.tenant_id, v.selection_hash, v.chunk
              HAVING sum(inventory_core_internal._bitmap_count(v.item_ids))
                  <> inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_union(array_agg(v.item_ids)))
              UNION ALL
              SELECT v.tenant_id, format('run %s holds more items than it observed', v.run_id)
              FROM valid AS v
              JOIN inventory_core_internal.sync_runs AS r ON r.tenant_id = v.tenant_id AND r.run_id = v.run_id
              GROUP BY v.tenant_id, v.selection_hash, v.run_id, r.observed_count
              HAVING sum(inventory_core_internal._bitmap_count(v.item_ids)) > r.observed_count
              UNION ALL
              SELECT l.tenant_id, format('a set of run %s is not a bitmap', l.run_id)
              FROM inventory_core_internal.last_seen AS l
              WHERE (every_tenant OR l.tenant_id = bound) AND NOT inventory_core_internal._is_bitmap(l.item_ids)
              UNION ALL
              SELECT c.tenant_id, format('a set of changes of run %s is not a bitmap', c.run_id)
              FROM inventory_core_internal.run_changes_bitmaps AS c
              WHERE (every_tenant OR c.tenant_id = bound) AND NOT inventory_core_internal._is_bitmap(c.item_ids)
              UNION ALL
              SELECT q.tenant_id, format('a set of a batch of run %s is not a bitmap', q.run_id)
              FROM inventory_core_internal.run_parts AS q
              WHERE (every_tenant OR q.tenant_id = bound) AND NOT inventory_core_internal._is_bitmap(q.item_ids)) AS p;
    EXCEPTION
        WHEN others THEN
            check_name := 'last_seen_sets';
            ok := false;
            detail := format('The sets of last_seen cannot be compared: %s.', SQLERRM);
            hint := 'Bind the tenants one by one and call doctor again to find the tenant.';
            RETURN NEXT;
    END;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._doctor_tenants(boolean) IS
    'The checks of doctor that concern the bound tenant, or every tenant if no policy applies to the caller';

CREATE FUNCTION inventory_core_internal._doctor_owner()
RETURNS TABLE (check_name text, ok boolean, detail text, hint text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT 'run_slots', count(*) = 0,
           CASE WHEN count(*) = 0 THEN 'Every taken slot belongs to a running run.'
                ELSE format('%s slots of the global limit are held by runs that do not run, the last until %s.',
                            count(*), max(s.expires_at)) END,
           'They are free then; to free them now: UPDATE inventory_core_internal.run_slots SET holder = NULL, '
           'expires_at = NULL WHERE holder NOT IN (SELECT inventory_core_internal._slot_holder(tenant_id, run_id) '
           'FROM inventory_core_internal.sync_runs WHERE status = ''running'');'
    FROM inventory_core_internal.run_slots AS s
    WHERE s.expires_at > inventory_core_internal._now()
      AND s.holder NOT IN (SELECT inventory_core_internal._slot_holder(r.tenant_id, r.run_id)
                           FROM inventory_core_internal.sync_runs AS r WHERE r.status = 'running');
    RETURN QUERY
    SELECT 'grants', count(*) = 0,
           CASE WHEN count(*) = 0 THEN 'Every grant belongs to an existing role.'
                ELSE format('%s grants do not count any more, one of them of role %s.',
                            count(*), min(format('%s on tenant %s', g.role_name, g.tenant_id))) END,
           'The role was dropped or renamed, or comes from another server (docs/operating.md, restore). DELETE the row from '
           'inventory_core_internal.tenant_grants, and SELECT inventory_core.grant_access(role, tenant, access) if it is wanted.'
    FROM inventory_core_internal.tenant_grants AS g
    WHERE NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = g.role_oid AND r.rolname = g.role_name);
    RETURN QUERY
    SELECT 'memberships', count(*) = 0,
           CASE WHEN count(*) = 0 THEN 'Every role with a grant is a member of the group role that it needs.'
                ELSE format('%s roles with a grant lack the membership that it needs, one of them %s.',
                            count(DISTINCT g.role_name), min(format('%s on tenant %s', g.role_name, g.tenant_id))) END,
           'SELECT inventory_core.grant_access(role, tenant, access) again: it restores what is missing.'
    FROM inventory_core_internal.tenant_grants AS g
    JOIN pg_roles AS r ON r.oid = g.role_oid AND r.rolname = g.role_name
    WHERE to_regrole('inventory_core_' || g.access) IS NULL
       OR NOT pg_has_role(r.oid, to_regrole('inventory_core_' || g.access), 'USAGE');
    RETURN QUERY
    SELECT 'members_without_grant', true,
           CASE WHEN count(*) = 0 THEN 'Every member of a group role has a grant in this database.'
                ELSE format('Members of a group role without a grant in this database: %s. They can read no row of a tenant.',
                            string_agg(DISTINCT pg_get_userbyid(m.member), ', ')) END,
           NULL
    FROM pg_auth_members AS m
    JOIN inventory_core_internal._group_roles() AS g ON to_regrole(quote_ident(g.role_name)) = m.roleid
    WHERE pg_get_userbyid(m.member) NOT IN (SELECT o.role_name FROM inventory_core_internal._group_roles() AS o)
      AND m.member NOT IN (SELECT t.role_oid FROM inventory_core_internal.tenant_grants AS t);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._doctor_owner() IS 'The checks of doctor that need the rows of all tenants';
