COPY (SELECT * FROM bench.plain WHERE tenant_id = 'acme') TO '/dev/null'
