-- Privileges on objects. The policies decide about rows.

-- Includes privileges that ALTER DEFAULT PRIVILEGES of the database gave.
CREATE FUNCTION inventory_core_internal._foreign_privileges() RETURNS TABLE (object text, grantee text, privileges text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH objects (object, acl, owner) AS (
        SELECT 'TABLE ' || c.oid::regclass, c.relacl, c.relowner FROM pg_class AS c
        WHERE c.relnamespace IN ('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace)
          AND c.relkind IN ('r', 'v', 'p', 'm', 'f', 'S')
        UNION ALL
        SELECT 'ROUTINE ' || p.oid::regprocedure, p.proacl, p.proowner FROM pg_proc AS p
        WHERE p.pronamespace IN ('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace)
        UNION ALL
        SELECT 'TYPE ' || t.oid::regtype, t.typacl, t.typowner FROM pg_type AS t
        WHERE t.typnamespace IN ('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace) AND t.typelem = 0
          AND NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = t.typrelid AND c.relkind <> 'c')
        UNION ALL
        SELECT 'SCHEMA ' || n.oid::regnamespace, n.nspacl, n.nspowner FROM pg_namespace AS n
        WHERE n.oid IN ('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace)
        UNION ALL
        SELECT format('COLUMN %s.%I', c.oid::regclass, a.attname), a.attacl, c.relowner
        FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.relnamespace IN ('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace)
          AND a.attacl IS NOT NULL
    )
    SELECT o.object, coalesce(pg_get_userbyid(nullif(a.grantee, 0))::text, 'PUBLIC'),
           string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)
    FROM objects AS o
    CROSS JOIN LATERAL aclexplode(o.acl) AS a
    WHERE a.grantee <> o.owner
      AND (a.is_grantable
           OR a.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'EXECUTE', 'USAGE')
           OR a.grantee <> ALL (ARRAY(SELECT to_regrole(quote_ident(g.role_name))::oid
                                      FROM inventory_core_internal._group_roles() AS g)))
      -- USAGE on a type, which PUBLIC has by default, gives no access to rows
      AND NOT (a.grantee = 0 AND o.object LIKE 'TYPE %')
    GROUP BY o.object, a.grantee;
END;
COMMENT ON FUNCTION inventory_core_internal._foreign_privileges() IS
    'Privileges on objects of the extension held by other roles than its owner and group roles, or not meant for a group role';

-- The server records what the install script and the upgrade scripts granted on each object of an extension.
-- See <https://www.postgresql.org/docs/current/catalog-pg-init-privs.html>.
CREATE FUNCTION inventory_core_internal._lost_privileges() RETURNS TABLE (object text, grantee name, privileges text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH objects (object, column_name, class, number, sub_number, acl) AS (
        SELECT 'TABLE ' || c.oid::regclass, NULL::name, 'pg_class'::regclass, c.oid, 0, c.relacl FROM pg_class AS c
        WHERE c.relnamespace IN ('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace)
        UNION ALL
        SELECT 'TABLE ' || c.oid::regclass, a.attname, 'pg_class', c.oid, a.attnum, a.attacl
        FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.relnamespace IN ('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace)
        UNION ALL
        SELECT 'ROUTINE ' || p.oid::regprocedure, NULL, 'pg_proc', p.oid, 0, p.proacl FROM pg_proc AS p
        WHERE p.pronamespace IN ('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace)
        UNION ALL
        SELECT 'SCHEMA ' || n.oid::regnamespace, NULL, 'pg_namespace', n.oid, 0, n.nspacl FROM pg_namespace AS n
        WHERE n.oid IN ('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace)
    )
    SELECT o.object, g.role_name,
           string_agg(a.privilege_type || coalesce(' (' || quote_ident(o.column_name) || ')', ''), ', ' ORDER BY a.privilege_type)
    FROM objects AS o
    JOIN pg_init_privs AS i ON i.classoid = o.class AND i.objoid = o.number AND i.objsubid = o.sub_number
    CROSS JOIN LATERAL aclexplode(i.initprivs) AS a
    JOIN inventory_core_internal._group_roles() AS g ON to_regrole(quote_ident(g.role_name)) = a.grantee
    WHERE NOT EXISTS (SELECT FROM aclexplode(o.acl) AS h
                      WHERE h.grantee = a.grantee AND h.privilege_type = a.privilege_type)
    GROUP BY o.object, o.column_name, g.role_name;
END;
COMMENT ON FUNCTION inventory_core_internal._lost_privileges() IS
    'Privileges on objects of the extension that the group roles were granted and no longer have';

CREATE FUNCTION inventory_core_internal._public_functions() RETURNS SETOF name
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT unnest('{canonical_json, _canonical_json, selection_hash, _selection_hash, filter_meta, redact, is_retryable,
                    error_code_for, retry_delay, _retry_delay, _micros, selection_lock_key}'::name[]);
END;
COMMENT ON FUNCTION inventory_core_internal._public_functions() IS
    'The pure functions, which every role may call, and the private functions that they call';

-- Nothing is created after this point: it would get the default privileges again.
DO $$
DECLARE
    foreign_privilege record;
BEGIN
    FOR foreign_privilege IN SELECT f.object, f.grantee FROM inventory_core_internal._foreign_privileges() AS f LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %s', foreign_privilege.object,
                       CASE foreign_privilege.grantee WHEN 'PUBLIC' THEN 'PUBLIC' ELSE quote_ident(foreign_privilege.grantee) END);
    END LOOP;
END
$$;
REVOKE ALL ON ALL ROUTINES IN SCHEMA inventory_core, inventory_core_internal
    FROM PUBLIC, inventory_core_reader, inventory_core_writer, inventory_core_maintainer;
-- In a second database of a server the group roles already exist, and default privileges may name them too.
REVOKE ALL ON ALL TABLES IN SCHEMA inventory_core, inventory_core_internal
    FROM inventory_core_reader, inventory_core_writer, inventory_core_maintainer;
REVOKE ALL ON SCHEMA inventory_core, inventory_core_internal
    FROM inventory_core_reader, inventory_core_writer, inventory_core_maintainer;

-- PUBLIC: functions that touch no table.
GRANT USAGE ON SCHEMA inventory_core TO PUBLIC;
DO $$
DECLARE
    pure_function regprocedure;
BEGIN
    FOR pure_function IN
        SELECT p.oid FROM pg_proc AS p
        WHERE p.pronamespace IN ('inventory_core'::regnamespace, 'inventory_core_internal'::regnamespace)
          AND p.proname IN (SELECT f.name FROM inventory_core_internal._public_functions() AS f (name))
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', pure_function);
    END LOOP;
END
$$;

-- Readers. Private functions run with the privileges of their caller, so they need no separate list.
GRANT USAGE ON SCHEMA inventory_core_internal TO inventory_core_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA inventory_core_internal TO inventory_core_reader;
GRANT SELECT ON
    inventory_core_internal.tenants, inventory_core_internal.tenant_grants, inventory_core_internal.tenant_limits,
    inventory_core_internal.meta_whitelist, inventory_core_internal.selections, inventory_core_internal.sync_runs,
    inventory_core_internal.sync_errors, inventory_core_internal.items, inventory_core_internal.run_parts,
    inventory_core_internal.last_seen, inventory_core_internal.run_changes_bitmaps, inventory_core_internal.cooldowns,
    inventory_core_internal.refusals, inventory_core_internal.pruned_runs, inventory_core_internal.run_slots,
    inventory_core_internal.item_types, inventory_core_internal.presence, inventory_core_internal.selection_types,
    inventory_core_internal.type_counts, inventory_core_internal.removals, inventory_core_internal.removed_items,
    inventory_core_internal.feeds, inventory_core_internal.feed_entries, inventory_core_internal.feed_items,
    inventory_core_internal.feed_waiting, inventory_core_internal.feed_pruned,
    inventory_core_internal.home_ranges, inventory_core_internal.tenant_moves,
    inventory_core.inventory_items, inventory_core.inventory_sync_runs, inventory_core.inventory_sync_errors,
    inventory_core.inventory_selections, inventory_core.run_progress
    TO inventory_core_reader;
GRANT EXECUTE ON FUNCTION
    inventory_core.set_tenant, inventory_core.clear_tenant, inventory_core.current_tenant, inventory_core.granted_tenants,
    inventory_core.tenants, inventory_core.stale_selections, inventory_core.item_presence, inventory_core.gone_items,
    inventory_core.present_items,
    inventory_core.missing_items, inventory_core.missing_summary, inventory_core.explain_missing,
    inventory_core.selection_status, inventory_core.run_changes, inventory_core.changes_since,
    inventory_core.feed_end, inventory_core.type_counts, inventory_core.cooling_down, inventory_core.doctor,
    inventory_core.metrics,
    inventory_core.inventory_items, inventory_core.inventory_sync_runs, inventory_core.inventory_sync_errors,
    inventory_core.inventory_selections, inventory_core.run_progress
    TO inventory_core_reader;

-- Writers. They may not change the identity of an item.
GRANT INSERT, UPDATE ON inventory_core_internal.tenants TO inventory_core_writer;
GRANT INSERT, UPDATE ON
    inventory_core_internal.selections, inventory_core_internal.sync_runs, inventory_core_internal.cooldowns,
    inventory_core_internal.run_parts, inventory_core_internal.last_seen, inventory_core_internal.item_types,
    inventory_core_internal.presence, inventory_core_internal.selection_types, inventory_core_internal.removals,
    inventory_core_internal.removed_items, inventory_core_internal.feeds
    TO inventory_core_writer;
GRANT INSERT, UPDATE (display_name, meta, name_digest, meta_digest, updated_at, first_start_no, first_seen_at)
    ON inventory_core_internal.items TO inventory_core_writer;
GRANT INSERT ON
    inventory_core_internal.sync_errors, inventory_core_internal.run_changes_bitmaps, inventory_core_internal.type_counts,
    inventory_core_internal.feed_entries, inventory_core_internal.feed_waiting
    TO inventory_core_writer;
GRANT DELETE ON
    inventory_core_internal.run_parts, inventory_core_internal.last_seen, inventory_core_internal.removals,
    inventory_core_internal.removed_items, inventory_core_internal.feed_waiting
    TO inventory_core_writer;
-- UPDATE lets a writer lock the rows that it adds up
GRANT INSERT, UPDATE, DELETE ON inventory_core_internal.refusals TO inventory_core_writer;
GRANT UPDATE (holder, expires_at) ON inventory_core_internal.run_slots TO inventory_core_writer;
GRANT EXECUTE ON FUNCTION
    inventory_core.start_run, inventory_core.upsert_items, inventory_core.remove_items, inventory_core.heartbeat, inventory_core.record_error,
    inventory_core.record_throttle, inventory_core.finish_run, inventory_core.reap_expired_runs,
    inventory_core.try_lock_selection
    TO inventory_core_writer;

-- Maintainers.
GRANT UPDATE ON inventory_core_internal.run_changes_bitmaps TO inventory_core_maintainer;
GRANT INSERT, UPDATE ON inventory_core_internal.feed_pruned TO inventory_core_maintainer;
GRANT INSERT ON inventory_core_internal.feed_items TO inventory_core_maintainer;
GRANT UPDATE (selection_hash) ON inventory_core_internal.feed_entries, inventory_core_internal.type_counts, inventory_core_internal.pruned_runs TO inventory_core_maintainer;
GRANT INSERT, DELETE ON inventory_core_internal.pruned_runs TO inventory_core_maintainer;
GRANT DELETE ON
    inventory_core_internal.tenants, inventory_core_internal.selections, inventory_core_internal.sync_runs,
    inventory_core_internal.sync_errors, inventory_core_internal.items, inventory_core_internal.run_changes_bitmaps,
    inventory_core_internal.cooldowns, inventory_core_internal.item_types, inventory_core_internal.presence,
    inventory_core_internal.selection_types, inventory_core_internal.type_counts, inventory_core_internal.feeds,
    inventory_core_internal.feed_entries, inventory_core_internal.feed_items, inventory_core_internal.feed_pruned
    TO inventory_core_maintainer;
GRANT EXECUTE ON FUNCTION
    inventory_core.end_cooldown, inventory_core.forget_items, inventory_core.prune_runs, inventory_core.forget_missing, inventory_core.forget_tenant,
    inventory_core.rename_item, inventory_core.replace_selection, inventory_core.forget_selection, inventory_core.forget_orphans
    TO inventory_core_maintainer;
GRANT EXECUTE ON PROCEDURE inventory_core.maintain TO inventory_core_maintainer;
