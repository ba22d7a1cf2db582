-- What one completed run $2 of tenant $1 keeps, as stored: its own row, the bitmaps of what it was the last to see, its changes.
-- A row of these two tables has about 150 bytes beside its bitmap.
SELECT (SELECT pg_column_size(r.*) FROM inventory_core_internal.sync_runs AS r WHERE r.tenant_id = $1 AND r.run_id = $2)
     + (SELECT coalesce(sum(pg_column_size(b.item_ids) + 150), 0)
        FROM (SELECT l.item_ids FROM inventory_core_internal.last_seen AS l WHERE l.tenant_id = $1 AND l.run_id = $2
              UNION ALL
              SELECT c.item_ids FROM inventory_core_internal.run_changes_bitmaps AS c WHERE c.tenant_id = $1 AND c.run_id = $2) AS b)
