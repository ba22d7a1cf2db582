-- The settings: their defaults, and that a plain role changes none of them.
\set VERBOSITY sqlstate
SELECT inventory_core.clear_tenant() \gset
SELECT name, setting, unit, context, min_val FROM pg_settings WHERE name LIKE 'inventory\_core.%' ORDER BY name;
SET SESSION AUTHORIZATION regress_stranger;
SELECT name, set_config(name, setting, false) FROM pg_settings WHERE name LIKE 'inventory\_core.%' ORDER BY name;
SET inventory_core.clock = '2026-01-01';
SET inventory_core.lease = '1h';
SET inventory_core.shrink_guard = 0;
SET inventory_core.shrink_guard_min_items = 0;
SET inventory_core.retry_base = '1ms';
SET inventory_core.retry_cap = '1ms';
SET inventory_core.tenant = 'x';
SET inventory_core.unknown = 'x';
RESET SESSION AUTHORIZATION;
-- What they take.
SET inventory_core.lease = '0';
SET inventory_core.shrink_guard = -0.1;
SET inventory_core.shrink_guard = 1.1;
SET inventory_core.shrink_guard_min_items = -1;
-- The lease is used.
SELECT inventory_core.grant_access('regress_writer', 'settings', 'writer') \gset
SET inventory_core.lease = '90s';
SET SESSION AUTHORIZATION regress_writer;
SELECT status FROM inventory_core.start_run('settings', '{}');
SELECT lease_expires_at - started_at AS lease FROM inventory_core.inventory_sync_runs('settings');
