COPY (SELECT * FROM inventory_core.inventory_items('acme')) TO '/dev/null'
