WITH given AS MATERIALIZED (
    SELECT g.policy_type, g.external_id, g.display_name, g.meta,
           md5(jsonb_build_array(g.display_name, g.meta)::text)::uuid AS digest
    FROM jsonb_to_recordset($3) AS g (policy_type text, external_id text, display_name text, meta jsonb)
), known AS MATERIALIZED (
    SELECT g.*, i.item_id, i.digest AS stored_digest
    FROM given AS g
    LEFT JOIN items AS i ON i.tenant_id = $1 AND i.policy_type = g.policy_type AND i.external_id = g.external_id
), written AS (
    INSERT INTO items AS i (tenant_id, policy_type, external_id, display_name, meta, digest)
    SELECT $1, k.policy_type, k.external_id, k.display_name, k.meta, k.digest
    FROM known AS k
    WHERE k.stored_digest IS DISTINCT FROM k.digest
    ON CONFLICT (tenant_id, policy_type, external_id) DO UPDATE
    SET display_name = EXCLUDED.display_name,
        meta = EXCLUDED.meta,
        digest = EXCLUDED.digest,
        updated_at = EXCLUDED.updated_at
    WHERE i.digest <> EXCLUDED.digest
    RETURNING i.item_id, xmax = 0 AS is_new
), seen AS (
    INSERT INTO last_seen (tenant_id, item_id, last_seen_at, last_seen_run_id)
    SELECT $1, k.item_id, now(), $2::uuid FROM known AS k WHERE k.item_id IS NOT NULL
    UNION ALL
    SELECT $1, w.item_id, now(), $2::uuid FROM written AS w WHERE w.is_new
    ON CONFLICT (tenant_id, item_id) DO UPDATE
    SET last_seen_at = EXCLUDED.last_seen_at,
        last_seen_run_id = EXCLUDED.last_seen_run_id
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
