-- stale_selections: no clean run for so long; of one tenant, or of all for a role that was granted *.
CREATE ROLE regress_every LOGIN;
GRANT SET ON PARAMETER inventory_core.clock TO regress_every;
SELECT inventory_core.grant_access('regress_every', '*', 'reader') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'stale', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'stale two', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_reader', 'stale', 'reader') \gset
SELECT inventory_core.grant_access('regress_writer', 'stale', 'writer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{"a": 1}') AS a, selection_hash('{"b": 1}') AS b, selection_hash('{"c": 1}') AS c \gset
SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT regress.sync('a 1', 'stale', '{"a": 1}', '{vm/1}') \gset
SELECT regress.sync('theirs', 'stale two', '{"a": 1}', '{vm/1}') \gset
SET inventory_core.clock = '2026-01-02 01:00:00+00';
SELECT regress.sync('b 1', 'stale', '{"b": 1}', '{vm/1}', NULL) AS never \gset
SELECT record_error('stale', :'never', http_status => 401) \gset
SELECT status FROM finish_run('stale', :'never', 'failed');
SELECT regress.sync('a 2', 'stale', '{"a": 1}', '{vm/1}', 'partial') \gset
SELECT selection, latest_success_at, latest_status, error_codes FROM stale_selections('1 day', 'stale');
SELECT selection FROM stale_selections('1 day 1 second', 'stale');
-- One without a clean run is as old as its first run; the longest first.
SELECT tenant_id, selection_hash = selection_hash(selection) AS own_hash, selection, latest_success_at, latest_status, error_codes FROM stale_selections('0', 'stale');
-- A clean run counts, a delta too, though latest_success_at of inventory_selections is of full runs; one that is running does not.
SET inventory_core.clock = '2026-01-03 01:00:00+00';
SELECT run_id FROM start_run('stale', '{"a": 1}') \gset
SELECT status FROM finish_run('stale', :'run_id', cursor => 'page 1', expected_items => 0);
SET inventory_core.clock = '2026-01-04 01:00:00+00';
SELECT run_id FROM start_run('stale', '{"a": 1}', mode => 'delta') \gset
SELECT latest_success_at FROM stale_selections('0', 'stale') WHERE selection = '{"a": 1}';
SELECT status FROM finish_run('stale', :'run_id');
SELECT latest_success_at, latest_status FROM stale_selections('0', 'stale') WHERE selection = '{"a": 1}';
SELECT selection FROM stale_selections('1 hour', 'stale');
-- The doctor asks for a week.
SET inventory_core.clock = '2026-01-09 00:59:59+00';
BEGIN;
SELECT set_tenant('stale') \gset
SELECT ok, detail FROM doctor() WHERE check_name = 'stale_selections' AND detail !~ :'b';
SELECT ok, replace(detail, :'b', '<b>') AS detail FROM doctor() WHERE check_name = 'stale_selections';
SET LOCAL inventory_core.clock = '2026-01-09 01:00:00+00';
SELECT ok, replace(detail, :'b', '<b>') AS detail, hint FROM doctor() WHERE check_name = 'stale_selections';
COMMIT;
-- All tenants.
SELECT stale_selections('0');
SET SESSION AUTHORIZATION regress_every;
SET inventory_core.clock = '2026-01-09 01:00:00+00';
SELECT tenant_id, selection, latest_success_at, latest_status FROM stale_selections('0') WHERE tenant_id ~ '^stale';
SELECT tenant_id, selection FROM stale_selections('8 days') WHERE tenant_id ~ '^stale';
SELECT tenant_id, selection FROM stale_selections('8 days', 'stale two');
BEGIN;
SELECT count(*) > 2 AS many FROM stale_selections('0');
SELECT current_tenant();
COMMIT;
RESET SESSION AUTHORIZATION;
SET inventory_core.clock = '2026-01-09 01:00:00+00';
SELECT tenant_id, selection FROM stale_selections('0') WHERE tenant_id ~ '^stale';
SET SESSION AUTHORIZATION regress_reader;
SELECT count(*) FROM stale_selections('200000 years', 'stale');
SELECT stale_selections('-1 day', 'stale');
\set VERBOSITY sqlstate
SELECT stale_selections('-12 months 361 days', 'stale');
SELECT stale_selections(NULL, 'stale');
SELECT stale_selections('0');
SELECT stale_selections('0', 'stale two');
SELECT stale_selections('0', '*');
SET SESSION AUTHORIZATION regress_stranger;
SELECT stale_selections('0', 'stale');
RESET SESSION AUTHORIZATION;
SELECT revoke_access('regress_every', '*') \gset
DROP OWNED BY regress_every;
DROP ROLE regress_every;
