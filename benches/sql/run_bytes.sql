-- What one completed run $2 of tenant $1 keeps: its own row, the bitmaps of what it was the last to see, its changes.
SELECT (SELECT sum(pg_column_size(r.*)) FROM inventory_core.sync_runs AS r WHERE r.tenant_id = $1 AND r.run_id = $2)
     + (SELECT coalesce(sum(pg_column_size(l.*)), 0) FROM inventory_core.last_seen AS l
        WHERE l.tenant_id = $1 AND l.run_id = $2)
     + (SELECT coalesce(sum(pg_column_size(b.*)), 0) FROM inventory_core.run_changes_bitmaps AS b
        WHERE b.tenant_id = $1 AND b.run_id = $2)
