WITH written AS (
    INSERT INTO items (tenant_id, policy_type, external_id, display_name, meta, last_seen_at, last_seen_run_id)
    SELECT $1, g.policy_type, g.external_id, g.display_name, g.meta, now(), $2
    FROM jsonb_to_recordset($3) AS g (policy_type text, external_id text, display_name text, meta jsonb)
    ON CONFLICT (tenant_id, policy_type, external_id) DO UPDATE
    SET display_name = EXCLUDED.display_name,
        meta = EXCLUDED.meta,
        updated_at = EXCLUDED.updated_at,
        last_seen_at = EXCLUDED.last_seen_at,
        last_seen_run_id = EXCLUDED.last_seen_run_id
    RETURNING xmax = 0 AS is_new)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
