COPY (SELECT * FROM inventory_core.inventory_items WHERE tenant_id = 'acme') TO '/dev/null'
