SELECT * FROM inventory_core.selection_status($1, inventory_core.selection_hash($2))
