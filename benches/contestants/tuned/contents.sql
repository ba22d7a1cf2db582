SELECT count(*), sum(hashtextextended(jsonb_build_array(policy_type, external_id, display_name, meta)::text, 0)::numeric)
FROM items
WHERE tenant_id = $1
