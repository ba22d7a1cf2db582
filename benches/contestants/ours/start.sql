SELECT run_id FROM inventory_core.start_run($1, $2)
