SELECT i.*, l.last_seen_at, l.last_seen_run_id
FROM items AS i
JOIN last_seen AS l ON l.tenant_id = i.tenant_id AND l.item_id = i.item_id
WHERE i.tenant_id = $1 AND i.policy_type = $2 AND i.external_id = $3
