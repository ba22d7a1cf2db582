SELECT * FROM inventory_core.inventory_items($1) WHERE policy_type = $2 AND external_id = $3
