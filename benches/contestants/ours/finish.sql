SELECT status, observed_count FROM inventory_core.finish_run($1, $2, $3)
