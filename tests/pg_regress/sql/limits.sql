-- How many runs may run at once: for each tenant, and over all. A refusal is an answer with a reason and writes no run.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'limits', 'writer') \gset
SELECT inventory_core.grant_access('regress_writer', 'limits 2', 'writer') \gset
SELECT inventory_core.set_tenant_limit('limits', 2);
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET inventory_core.clock = '2026-01-01 12:00:00+00';
SELECT g, status, reason, blocking_run_id, retry_after BETWEEN '1 s' AND '10 s' AS retry_soon
FROM generate_series(1, 4) AS g, start_run('limits', jsonb_build_object('g', g)) ORDER BY g;
SELECT count(*) FROM inventory_sync_runs('limits');
SELECT refused_count, last_refused_reason FROM inventory_selections('limits') WHERE selection = '{"g": 3}';
-- Another tenant is not concerned, and who ends makes room.
SELECT status FROM start_run('limits 2', '{}');
SELECT status FROM finish_run('limits', (SELECT run_id FROM inventory_sync_runs('limits') ORDER BY started_at, selection_hash LIMIT 1));
SELECT status, reason FROM start_run('limits', '{"g": 3}');
SELECT status, reason FROM start_run('limits', '{"g": 4}');
-- A limit that is lowered holds for the next start; 0 closes, -1 lifts, NULL goes back to the setting.
SET SESSION AUTHORIZATION DEFAULT;
SELECT set_tenant_limit('limits', 1) \gset
SET SESSION AUTHORIZATION regress_writer;
SELECT status FROM finish_run('limits', (SELECT run_id FROM inventory_sync_runs('limits') WHERE status = 'running' ORDER BY selection_hash LIMIT 1));
SELECT status, reason FROM start_run('limits', '{"g": 4}');
SET SESSION AUTHORIZATION DEFAULT;
SELECT set_tenant_limit('limits', 0) \gset
SET SESSION AUTHORIZATION regress_writer;
SELECT status FROM finish_run('limits', (SELECT run_id FROM inventory_sync_runs('limits') WHERE status = 'running'));
SELECT status, reason FROM start_run('limits', '{"g": 4}');
SET SESSION AUTHORIZATION DEFAULT;
SELECT set_tenant_limit('limits', -1) \gset
SELECT max_running_runs FROM tenant_limits WHERE tenant_id = 'limits';
SELECT set_tenant_limit('limits', NULL) \gset
SELECT max_running_runs FROM tenant_limits WHERE tenant_id = 'limits';
SELECT set_tenant_limit('limits', -2);
SELECT set_tenant_limit(NULL, 1);
SELECT set_tenant_limit('*', 1);
-- It is not the tenant's own to set.
SET SESSION AUTHORIZATION regress_writer;
SELECT set_tenant_limit('limits', 5);
BEGIN;
SELECT set_tenant('limits') \gset
INSERT INTO tenant_limits VALUES ('limits', 5);
ROLLBACK;
BEGIN;
SELECT set_tenant('limits') \gset
UPDATE tenant_limits SET max_running_runs = 5 WHERE tenant_id = 'limits';
ROLLBACK;

-- The limit over all tenants is a matter of slots. The other files leave theirs behind; an hour later none is held.
SET inventory_core.clock = '2030-01-01 12:00:00+00';
SET SESSION AUTHORIZATION DEFAULT;
SELECT count(*) AS held FROM run_slots WHERE expires_at > '2030-01-01 12:00:00+00';
SET inventory_core.max_running_runs = 3;
SELECT g, status, reason FROM generate_series(1, 5) AS g, start_run('limits 2', jsonb_build_object('g', g)) ORDER BY g;
SELECT slot_no, expires_at - '2030-01-01 12:00:00+00' AS held_for FROM run_slots WHERE expires_at > '2030-01-01 12:00:00+00' ORDER BY slot_no;
-- A batch prolongs the slot with the lease; one that nobody prolongs is free half a lease after the lease.
SET inventory_core.clock = '2030-01-01 12:14:00+00';
SELECT observed FROM upsert_items('limits 2', (SELECT run_id FROM inventory_sync_runs('limits 2') WHERE selection = '{"g": 2}'), '[]');
SET inventory_core.clock = '2030-01-01 12:22:00+00';
SELECT g, status, reason FROM generate_series(9, 10) AS g, start_run('limits 2', jsonb_build_object('g', g)) ORDER BY g;
SET inventory_core.clock = '2030-01-01 12:23:00+00';
SELECT g, status, reason FROM generate_series(11, 14) AS g, start_run('limits 2', jsonb_build_object('g', g)) ORDER BY g;
SET inventory_core.max_running_runs = 0;
SELECT status, reason FROM start_run('limits 2', '{"g": 20}');
SET inventory_core.max_running_runs = -1;
SELECT status, reason FROM start_run('limits 2', '{"g": 20}');
-- A writer can take no live slot, and hold none without a running run of its own.
SELECT run_id AS other, _slot_holder('limits 2', run_id) AS holder FROM inventory_sync_runs('limits 2') WHERE selection = '{"g": 2}' \gset
SELECT clear_tenant() \gset
SET SESSION AUTHORIZATION regress_writer;
SET inventory_core.clock = '2030-01-01 12:23:00+00';
BEGIN;
SELECT set_tenant('limits') \gset
UPDATE run_slots SET holder = NULL, expires_at = NULL WHERE holder = :'holder' RETURNING slot_no;
UPDATE run_slots SET holder = '\x00', expires_at = '2030-01-01 12:20:00+00' WHERE slot_no = 1000;
ROLLBACK;
BEGIN;
SELECT set_tenant('limits') \gset
UPDATE run_slots SET holder = _slot_holder('limits', :'other'), expires_at = '2030-01-01 12:20:00+00' WHERE slot_no = 1000;
ROLLBACK;
BEGIN;
SELECT set_tenant('limits 2') \gset
UPDATE run_slots SET expires_at = '2031-01-01' WHERE holder = :'holder';
ROLLBACK;
