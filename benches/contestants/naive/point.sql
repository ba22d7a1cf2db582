SELECT * FROM items WHERE tenant_id = $1 AND policy_type = $2 AND external_id = $3
