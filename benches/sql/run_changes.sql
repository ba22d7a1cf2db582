SELECT * FROM inventory_core.run_changes($1, $2)
