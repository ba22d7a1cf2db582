SELECT * FROM bench.plain WHERE tenant_id = $1 OFFSET 1000000000
