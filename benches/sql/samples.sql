-- Selections of about 1 KB, and messages of about 1 KB, one in four with a secret in it.
CREATE TABLE bench.selections AS
SELECT jsonb_build_object(
           'source', 'graph', 'number', n,
           'kinds', (SELECT jsonb_agg('kind-' || k) FROM generate_series(1, 20) AS k),
           'filter', jsonb_build_object('enabled', true, 'since', '2026-01-01T00:00:00Z', 'sites', s.sites)) AS selection
FROM generate_series(1, 5000) AS n
CROSS JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('site', 'site-' || k + n, 'ring', k % 3)) AS sites
                    FROM generate_series(1, 20) AS k) AS s;
CREATE TABLE bench.messages AS
SELECT 'GET https://graph.example.com/v1.0/devices?page=' || n || ' failed with 503 after 3 attempts'
       || CASE n % 4 WHEN 0 THEN E'\nAuthorization: Bearer ' || encode(sha256(n::text::bytea), 'base64') ELSE '' END
       || repeat(E'\n  at Graph.Client.send (client.ts:' || n % 900 || ') while listing the devices of site ' || n, 11)
       AS message
FROM generate_series(1, 2000) AS n;
GRANT SELECT ON ALL TABLES IN SCHEMA bench TO bench_app;
