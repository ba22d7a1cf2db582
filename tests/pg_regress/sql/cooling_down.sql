-- Where an API says "slow down", all workers of that tenant and scope do.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'cooling', 'writer') \gset
SELECT inventory_core.grant_access('regress_writer', 'cooling 2', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET inventory_core.clock = '2026-01-01 12:00:00+00';
SELECT run_id AS run FROM start_run('cooling', '{}', scope => 'graph') \gset
SELECT cooling_down('cooling') IS NULL AS go, cooling_down('cooling', 'graph') IS NULL AS go_graph;
-- Never less than asked; jitter only on top, here at most a second.
SELECT record_throttle('cooling', :'run', 429, '120', 0, 'graph') BETWEEN '120 s' AND '121 s' AS as_asked;
SELECT cooling_down('cooling', 'graph') BETWEEN '120 s' AND '121 s' AS graph_waits,
       cooling_down('cooling', 'mail') IS NULL AS mail_goes, cooling_down('cooling') IS NULL AS all_go;
SELECT cooling_down('cooling 2', 'graph') IS NULL AS other_tenant_goes;
SELECT status, reason, retry_after BETWEEN '120 s' AND '121 s' AS waits FROM start_run('cooling', '{"a": 1}', scope => 'graph');
SELECT status, reason FROM start_run('cooling', '{"a": 1}', scope => 'mail');
-- A shorter wait never shortens; time does.
SELECT record_throttle('cooling', :'run', 503, '1', 0, 'graph') < '3 s' AS short_wait;
SELECT cooling_down('cooling', 'graph') >= '120 s' AS still;
SET inventory_core.clock = '2026-01-01 12:01:00+00';
SELECT cooling_down('cooling', 'graph') BETWEEN '60 s' AND '61 s' AS a_minute_left;
SET inventory_core.clock = '2026-01-01 12:02:02+00';
SELECT cooling_down('cooling', 'graph') IS NULL AS go;
-- * covers all scopes. A date counts from the clock; nonsense is as if absent; a day at most.
SELECT record_throttle('cooling', :'run', 429, 'Thu, 01 Jan 2026 12:03:02 GMT') BETWEEN '60 s' AND '61 s' AS until_the_date;
SELECT cooling_down('cooling', 'mail') >= '60 s' AS mail_waits_too;
SELECT record_throttle('cooling', :'run', 429, 'soon', 3) BETWEEN '0 s' AND '8 s' AS backoff;
SELECT record_throttle('cooling', :'run', 429, '99999999999999999999') BETWEEN '24 h' AND '24 h 1 s' AS a_day;
-- It keeps the lease past the wait.
SELECT lease_expires_at >= timestamptz '2026-01-02 12:02:02+00' + '15 min' AS lease_past_the_wait FROM inventory_sync_runs('cooling') WHERE run_id = :'run';
-- It is no error, and a status that is not retryable cools nothing.
SELECT record_throttle('cooling 2', (SELECT run_id FROM start_run('cooling 2', '{}')), 404, '60') IS NULL AS do_not_retry;
SELECT cooling_down('cooling 2') IS NULL AS go;
SELECT had_errors FROM inventory_sync_runs('cooling') WHERE run_id = :'run';
-- What makes no sense.
SELECT record_throttle('cooling', :'run', 429, attempt => -1);
SELECT record_throttle('cooling', :'run', 429, attempt => 2147483647, retry_after => '1') IS NOT NULL AS no_overflow;
SELECT record_throttle('cooling', :'run', NULL);
SELECT record_throttle('cooling', :'run', 429, scope => '');
SELECT record_throttle('cooling', gen_random_uuid(), 429);
SELECT cooling_down('cooling', repeat('x', 256));
SELECT cooling_down(NULL);
