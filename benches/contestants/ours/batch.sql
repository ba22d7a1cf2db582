SELECT inserted, updated FROM inventory_core.upsert_items($1, $2, $3)
