SELECT i.*
FROM items AS i
WHERE i.tenant_id = $1
  AND i.last_seen_at < (SELECT max(r.started_at) FROM runs AS r
                        WHERE r.tenant_id = $1 AND r.selection = $2 AND r.status <> 'running')
