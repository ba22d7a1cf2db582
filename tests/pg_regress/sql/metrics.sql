-- metrics: gauges and counters of every tenant, for a role that was granted '*'.
CREATE ROLE regress_monitor LOGIN;
SELECT inventory_core.grant_access('regress_monitor', '*', 'reader') \gset
GRANT SET ON PARAMETER inventory_core.clock TO regress_monitor;
SELECT inventory_core.grant_access('regress_writer', 'metrics a', 'writer') \gset
SELECT inventory_core.grant_access('regress_writer', 'metrics b', 'writer') \gset
SELECT inventory_core.set_tenant_limit('metrics b', 3) \gset
-- Slots are of the whole server, and the other files leave tenants behind.
CREATE VIEW regress.told WITH (security_invoker = true) AS
SELECT regexp_replace(m.metric, '^inventory_core_', '') AS metric, m.tenant_id, left(m.selection_hash, 4) AS selection, m.value
FROM inventory_core.metrics() AS m WHERE m.tenant_id ~ '^metrics' AND m.value <> 0;
GRANT SELECT ON regress.told TO PUBLIC;

SET SESSION AUTHORIZATION regress_writer;
SET inventory_core.clock = '2026-01-01 00:00:00+00';
-- Two selections that overlap. Selection 1 misses vm/2, which the other has; vm/3 is missing in both.
SELECT regress.sync('one', 'metrics a', '{"s": 1}', '{vm/1,vm/2,vm/3}') \gset
SELECT regress.sync('two', 'metrics a', '{"s": 2}', '{vm/2,vm/3,vm/4}') \gset
SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT regress.sync('one', 'metrics a', '{"s": 1}', '{vm/1}') \gset
SELECT regress.sync('two', 'metrics a', '{"s": 2}', '{vm/2,vm/4}') \gset
-- Partial runs and those with errors are not clean.
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT regress.sync('two', 'metrics a', '{"s": 2}', '{vm/2,vm/4}', 'partial') \gset
-- A selection that never had a clean run counts from its first start; its starts are refused while it runs.
SELECT regress.sync('only', 'metrics b', '{"s": 3}', '{vm/1}', NULL) AS run \gset
SELECT reason FROM inventory_core.start_run('metrics b', '{"s": 3}');
SELECT reason FROM inventory_core.start_run('metrics b', '{"s": 3}');
SELECT inventory_core.record_throttle('metrics b', :'run', 429, '3600', scope => 'x') IS NOT NULL AS waits;

SET SESSION AUTHORIZATION regress_monitor;
SET inventory_core.clock = '2026-01-01 03:00:00+00';
SELECT * FROM regress.told ORDER BY tenant_id, metric COLLATE "C";
SELECT inventory_core.current_tenant();
SELECT m.metric, s.s, m.value FROM inventory_core.metrics(by => 'selection') AS m
JOIN (SELECT n AS s, inventory_core.selection_hash(jsonb_build_object('s', n)) AS hash FROM generate_series(1, 3) AS n) AS s ON s.hash = m.selection_hash
WHERE m.tenant_id ~ '^metrics' AND m.value <> 0 ORDER BY s.s, m.metric COLLATE "C";
-- What belongs to no selection has none there, either; what belongs to no tenant has no tenant.
SELECT DISTINCT m.metric, m.tenant_id IS NOT NULL AS of_a_tenant FROM inventory_core.metrics('selection') AS m WHERE m.selection_hash IS NULL ORDER BY 1, 2;
SELECT m.value FROM inventory_core.metrics() AS m WHERE m.metric = 'inventory_core_slots_limit';
-- One series each.
SELECT m.metric, m.tenant_id, m.selection_hash FROM inventory_core.metrics('selection') AS m GROUP BY 1, 2, 3 HAVING count(*) > 1;

-- What the running run sees again is not missing, and its lease expires.
SET SESSION AUTHORIZATION regress_writer;
SET inventory_core.clock = '2026-01-01 03:00:00+00';
SELECT regress.sync('one', 'metrics a', '{"s": 1}', '{vm/3}', NULL) \gset
SET SESSION AUTHORIZATION regress_monitor;
SET inventory_core.clock = '2026-01-01 05:00:00+00';
SELECT * FROM regress.told WHERE metric ~ 'missing|runs$' ORDER BY tenant_id, metric COLLATE "C";

-- What is missing in a tenant is what gone_items lists.
SELECT m.value AS told FROM inventory_core.metrics() AS m WHERE m.tenant_id = 'metrics a' AND m.metric = 'inventory_core_missing_items' \gset
SELECT count(*) = :told AS the_same FROM inventory_core.gone_items('metrics a');

-- NULL and bad input; a transaction that is bound.
SELECT count(*) FROM inventory_core.metrics(NULL);
SELECT count(*) FROM inventory_core.metrics('type');
BEGIN;
SELECT inventory_core.set_tenant('metrics a') \gset
SELECT count(*) FROM inventory_core.metrics();
ROLLBACK;
-- A role without the grant of every tenant, and one without any.
SET SESSION AUTHORIZATION regress_writer;
SELECT count(*) FROM inventory_core.metrics();
SET SESSION AUTHORIZATION regress_stranger;
SELECT count(*) FROM inventory_core.metrics();
RESET SESSION AUTHORIZATION;

-- A set that cannot be read, of one tenant: the others are told.
UPDATE inventory_core_internal.presence SET known_ids = '\x00' WHERE tenant_id = 'metrics a';
SET SESSION AUTHORIZATION regress_monitor;
SELECT tenant_id, metric, value FROM regress.told WHERE metric IN ('unreadable', 'running_runs', 'missing_items') ORDER BY tenant_id, metric COLLATE "C";
RESET SESSION AUTHORIZATION;

SELECT inventory_core.forget_tenant('metrics a'), inventory_core.clear_tenant() \gset
SELECT inventory_core.forget_tenant('metrics b'), inventory_core.clear_tenant() \gset
SELECT inventory_core.set_tenant_limit('metrics b', NULL) \gset
DROP VIEW regress.told;
SELECT inventory_core.revoke_access('regress_monitor', '*') \gset
REVOKE SET ON PARAMETER inventory_core.clock FROM regress_monitor;
DROP ROLE regress_monitor;
