SELECT * FROM inventory_core.inventory_items WHERE tenant_id = $1 OFFSET 1000000000
