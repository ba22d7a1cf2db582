-- heartbeat: gives the new end of the lease, counted with the run's own length; it is for running runs.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'heartbeat', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';

SET inventory_core.clock = '2026-01-01 12:00:00+00';
SELECT run_id AS run FROM start_run('heartbeat', '{}', lease => '1 hour') \gset
SET inventory_core.clock = '2026-01-01 12:30:00+00';
SELECT heartbeat('heartbeat', :'run');
SELECT lease_expires_at FROM inventory_sync_runs('heartbeat');
-- A rolled back one was none.
SET inventory_core.clock = '2026-01-01 12:40:00+00';
BEGIN;
SELECT heartbeat('heartbeat', :'run');
ROLLBACK;
SELECT lease_expires_at FROM inventory_sync_runs('heartbeat');
-- A late one revives a lease that nobody took over.
SET inventory_core.clock = '2026-01-01 15:00:00+00';
SELECT heartbeat('heartbeat', :'run');
SELECT status, reason FROM start_run('heartbeat', '{}');

SELECT status FROM finish_run('heartbeat', :'run');
SELECT heartbeat('heartbeat', :'run');
SELECT heartbeat('heartbeat', NULL);
SELECT heartbeat(NULL, :'run');
