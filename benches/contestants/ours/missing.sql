SELECT * FROM inventory_core.missing_items($1, inventory_core.selection_hash($2))
