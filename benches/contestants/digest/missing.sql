SELECT i.*, l.last_seen_at, l.last_seen_run_id
FROM last_seen AS l
JOIN items AS i ON i.tenant_id = l.tenant_id AND i.item_id = l.item_id
WHERE l.tenant_id = $1
  AND l.last_seen_at < (SELECT max(r.started_at) FROM runs AS r
                        WHERE r.tenant_id = $1 AND r.selection = $2 AND r.status <> 'running')
