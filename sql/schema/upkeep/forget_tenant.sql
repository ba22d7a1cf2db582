CREATE FUNCTION inventory_core.forget_tenant(tenant text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    forgotten bigint;
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant, 'maintainer');
    -- Waits for every other transaction that writes for the tenant. Starts are refused meanwhile.
    PERFORM inventory_core_internal._lock('tenant', '');
    -- Before the runs are removed: the policy allows it only while they exist.
    PERFORM inventory_core_internal._give_slot_back(tenant, r.run_id)
    FROM inventory_core_internal.sync_runs AS r
    WHERE r.tenant_id = tenant AND r.status = 'running';

    DELETE FROM inventory_core_internal.run_parts AS p WHERE p.tenant_id = tenant;
    DELETE FROM inventory_core_internal.last_seen AS l WHERE l.tenant_id = tenant;
    DELETE FROM inventory_core_internal.removals AS d WHERE d.tenant_id = tenant;
    DELETE FROM inventory_core_internal.removed_items AS d WHERE d.tenant_id = tenant;
    DELETE FROM inventory_core_internal.presence AS p WHERE p.tenant_id = tenant;
    DELETE FROM inventory_core_internal.selection_types AS t WHERE t.tenant_id = tenant;
    DELETE FROM inventory_core_internal.type_counts AS c WHERE c.tenant_id = tenant;
    DELETE FROM inventory_core_internal.item_types AS t WHERE t.tenant_id = tenant;
    DELETE FROM inventory_core_internal.run_changes_bitmaps AS b WHERE b.tenant_id = tenant;
    DELETE FROM inventory_core_internal.feeds AS f WHERE f.tenant_id = tenant;
    DELETE FROM inventory_core_internal.feed_entries AS e WHERE e.tenant_id = tenant;
    DELETE FROM inventory_core_internal.feed_items AS f WHERE f.tenant_id = tenant;
    DELETE FROM inventory_core_internal.feed_waiting AS w WHERE w.tenant_id = tenant;
    DELETE FROM inventory_core_internal.feed_pruned AS p WHERE p.tenant_id = tenant;
    DELETE FROM inventory_core_internal.sync_errors AS e WHERE e.tenant_id = tenant;
    DELETE FROM inventory_core_internal.sync_runs AS r WHERE r.tenant_id = tenant;
    DELETE FROM inventory_core_internal.pruned_runs AS p WHERE p.tenant_id = tenant;
    DELETE FROM inventory_core_internal.refusals AS f WHERE f.tenant_id = tenant;
    DELETE FROM inventory_core_internal.selections AS s WHERE s.tenant_id = tenant;
    DELETE FROM inventory_core_internal.cooldowns AS c WHERE c.tenant_id = tenant;
    DELETE FROM inventory_core_internal.items AS i WHERE i.tenant_id = tenant;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    DELETE FROM inventory_core_internal.tenants AS t WHERE t.tenant_id = tenant;
    -- Grants and the limit of the tenant belong to the owner of the extension: a maintainer does not change them.
    IF inventory_core_internal._is_owner() THEN
        DELETE FROM inventory_core_internal.tenant_grants AS g WHERE g.tenant_id = forget_tenant.tenant;
    END IF;
    RETURN forgotten;
END
$$;
COMMENT ON FUNCTION inventory_core.forget_tenant(text) IS
    'Deletes all rows of a tenant and returns the number of its items; called by the owner of the extension, its grants too';
