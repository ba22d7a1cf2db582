CREATE FUNCTION inventory_core_internal._revoke_tenant(tenant text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    role oid;
BEGIN
    FOR role IN
        SELECT g.role_oid FROM inventory_core_internal.tenant_grants AS g
        JOIN pg_roles AS r ON r.oid = g.role_oid
        WHERE g.tenant_id = tenant
        ORDER BY g.role_name
    LOOP
        PERFORM inventory_core.revoke_access(role, tenant);
    END LOOP;
    -- of roles that are no more
    DELETE FROM inventory_core_internal.tenant_grants AS g WHERE g.tenant_id = tenant;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._revoke_tenant(text) IS 'Takes every grant of a tenant back';

CREATE FUNCTION inventory_core.forget_tenant(tenant text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    running uuid;
    forgotten bigint;
    tries integer := 0;
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant, 'maintainer');
    -- From here on batches pause and starts are refused, or where they always overlap they would never let us in.
    PERFORM inventory_core_internal._close_gate(tenant, 'items');
    PERFORM inventory_core_internal._mark_open_start(tenant, 0);
    LOOP
        BEGIN
            -- Starts are kept out by the row * and those of their selections, batches and finishes by those of their runs;
            -- in the order in which they take these rows and that of the tenant themselves.
            PERFORM 1 FROM inventory_core_internal.selections AS s
            WHERE s.tenant_id = tenant AND s.selection_hash = '*'
            FOR UPDATE;
            PERFORM 1 FROM inventory_core_internal.selections AS s
            WHERE s.tenant_id = tenant AND s.selection_hash <> '*'
            ORDER BY s.selection_hash
            FOR UPDATE;
            PERFORM 1 FROM inventory_core_internal.sync_runs AS r
            WHERE r.tenant_id = tenant AND r.status = 'running'
            ORDER BY r.run_id
            FOR UPDATE;
            -- Ended, so that their slots are free at once.
            FOR running IN
                SELECT r.run_id FROM inventory_core_internal.sync_runs AS r WHERE r.tenant_id = tenant AND r.status = 'running'
            LOOP
                PERFORM inventory_core.finish_run(tenant, running, 'failed');
            END LOOP;
            PERFORM 1 FROM inventory_core_internal.tenants AS t WHERE t.tenant_id = tenant FOR UPDATE;

            DELETE FROM inventory_core_internal.run_parts AS p WHERE p.tenant_id = tenant;
            DELETE FROM inventory_core_internal.last_seen AS l WHERE l.tenant_id = tenant;
            DELETE FROM inventory_core_internal.presence AS p WHERE p.tenant_id = tenant;
            DELETE FROM inventory_core_internal.selection_types AS t WHERE t.tenant_id = tenant;
            DELETE FROM inventory_core_internal.type_counts AS c WHERE c.tenant_id = tenant;
            DELETE FROM inventory_core_internal.item_types AS t WHERE t.tenant_id = tenant;
            DELETE FROM inventory_core_internal.run_changes_bitmaps AS b WHERE b.tenant_id = tenant;
            DELETE FROM inventory_core_internal.sync_errors AS e WHERE e.tenant_id = tenant;
            DELETE FROM inventory_core_internal.sync_runs AS r WHERE r.tenant_id = tenant;
            DELETE FROM inventory_core_internal.pruned_runs AS p WHERE p.tenant_id = tenant;
            DELETE FROM inventory_core_internal.refusals AS f WHERE f.tenant_id = tenant;
            DELETE FROM inventory_core_internal.open_starts AS o WHERE o.tenant_id = tenant;
            DELETE FROM inventory_core_internal.selections AS s WHERE s.tenant_id = tenant;
            DELETE FROM inventory_core_internal.cooldowns AS c WHERE c.tenant_id = tenant;
            DELETE FROM inventory_core_internal.items AS i WHERE i.tenant_id = tenant;
            GET DIAGNOSTICS forgotten = ROW_COUNT;
            DELETE FROM inventory_core_internal.tenants AS t WHERE t.tenant_id = tenant;
            EXIT;
        EXCEPTION
            -- A start that came before there was a row * has been committed meanwhile: once more, with what it wrote.
            WHEN foreign_key_violation THEN
                tries := tries + 1;
                IF tries >= 10 THEN
                    RAISE;
                END IF;
        END;
    END LOOP;
    -- Who may do what is the owner's: a maintainer leaves it as it is.
    IF has_function_privilege('inventory_core.revoke_access(regrole, text)', 'EXECUTE') THEN
        PERFORM inventory_core_internal._revoke_tenant(tenant);
    END IF;
    RETURN forgotten;
END
$$;
COMMENT ON FUNCTION inventory_core.forget_tenant(text) IS
    'Deletes all rows of a tenant and counts its items; the grants go where the owner of the extension calls';
