SELECT run_id FROM inventory_core.inventory_sync_runs($1) ORDER BY started_at DESC LIMIT 1
