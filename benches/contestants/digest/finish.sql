UPDATE runs SET status = $3, finished_at = now() WHERE tenant_id = $1 AND run_id = $2
