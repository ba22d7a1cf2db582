INSERT INTO runs (tenant_id, selection) VALUES ($1, $2) RETURNING run_id
