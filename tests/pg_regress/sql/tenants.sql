-- tenants: what the caller may bind, by name; a role that was granted * sees all that have data.
CREATE ROLE regress_every LOGIN;
SELECT inventory_core.grant_access('regress_every', '*', 'reader') \gset
SELECT inventory_core.grant_access('regress_every', 'tenants granted by name', 'reader') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'tenants', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'tenants two', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_reader', 'tenants', 'reader') \gset
SELECT inventory_core.grant_access('regress_writer', 'tenants', 'writer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{"a": 1}') AS a, selection_hash('{"b": 1}') AS b, selection_hash('{"c": 1}') AS c \gset
SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT regress.sync('run 1', 'tenants', '{"a": 1}', '{vm/1}') \gset
-- No item was ever observed: listed once a run has ended.
SELECT regress.sync('run 1', 'tenants two', '{"a": 1}', '{}', NULL) AS empty \gset
SELECT t FROM tenants() AS t WHERE t ~ '^tenants';
SET SESSION AUTHORIZATION regress_every;
SELECT t FROM tenants() AS t WHERE t ~ '^tenants';
SET SESSION AUTHORIZATION regress_maintainer;
SELECT status FROM finish_run('tenants two', :'empty', 'failed');
SET SESSION AUTHORIZATION regress_every;
SELECT t FROM tenants() AS t WHERE t ~ '^tenants';
-- Nothing is bound afterwards.
BEGIN;
SELECT count(*) > 2 AS many FROM tenants();
SELECT current_tenant();
SELECT count(*) FROM inventory_items('tenants');
\set VERBOSITY sqlstate
SELECT count(*) FROM tenants();
ROLLBACK;
-- Single grants: no look at others, bound or not.
SET SESSION AUTHORIZATION regress_writer;
BEGIN;
SELECT set_tenant('tenants') \gset
SELECT t FROM tenants() AS t WHERE t ~ '^tenants';
COMMIT;
SELECT t FROM tenants() AS t WHERE t ~ '^(tenants|\*)';
-- A superuser sees all that have data, bound or not.
RESET SESSION AUTHORIZATION;
BEGIN;
SELECT set_tenant('tenants') \gset
SELECT t FROM tenants() AS t WHERE t ~ '^tenants';
COMMIT;
SET SESSION AUTHORIZATION regress_stranger;
SELECT tenants();
RESET SESSION AUTHORIZATION;
SELECT revoke_access('regress_every', '*') \gset
SELECT revoke_access('regress_every', 'tenants granted by name') \gset
DROP ROLE regress_every;
