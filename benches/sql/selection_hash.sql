SELECT count(inventory_core.selection_hash(s.selection)) FROM bench.selections AS s
