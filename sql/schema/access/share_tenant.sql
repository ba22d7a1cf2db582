CREATE FUNCTION inventory_core_internal._add_tenant(tenant text) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    INSERT INTO inventory_core_internal.tenants (tenant_id) VALUES (tenant) ON CONFLICT DO NOTHING;
    INSERT INTO inventory_core_internal.selections (tenant_id, selection_hash) VALUES (tenant, '*') ON CONFLICT DO NOTHING;
END;
COMMENT ON FUNCTION inventory_core_internal._add_tenant(text) IS
    'Makes the rows that stand for a tenant as a whole: its counter, and the selection * of its last_seen';

CREATE FUNCTION inventory_core_internal._share_tenant(tenant text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    next_id bigint;
BEGIN
    SELECT t.next_item_id INTO next_id FROM inventory_core_internal.tenants AS t WHERE t.tenant_id = tenant FOR KEY SHARE;
    IF next_id IS NULL THEN
        PERFORM inventory_core_internal._add_tenant(tenant);
        SELECT t.next_item_id INTO next_id FROM inventory_core_internal.tenants AS t WHERE t.tenant_id = tenant FOR KEY SHARE;
    END IF;
    RETURN next_id;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._share_tenant(text) IS
    'Keeps forget_items out until the transaction ends, and gives the next item id; makes the tenant''s rows with its first batch';
