-- request_id makes start_run repeatable after a lost reply: one id, one run.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'request_id', 'writer') \gset
SELECT inventory_core.grant_access('regress_writer', 'request_id two', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET inventory_core.clock = '2026-01-01 12:00:00+00';
\set id '''11111111-1111-1111-1111-111111111111'''
\set id2 '''22222222-2222-2222-2222-222222222222'''

SELECT run_id AS run FROM start_run('request_id', '{"a": 1}', request_id => :id) \gset
SELECT run_id = :'run' AS same_run, status, selection_hash = selection_hash('{"a": 1}') AS hash, reason, blocking_run_id, retry_after
FROM start_run('request_id', '{"a": 1}', 'label', :id, lease => '1 hour', min_age => '1 day');
-- Another attempt is refused, and its id is not used up by that.
SELECT status, reason FROM start_run('request_id', '{"a": 1}', request_id => :id2);
SELECT status FROM finish_run('request_id', :'run', 'partial');
-- The same run with its present status, after its end, too.
SELECT run_id = :'run' AS same_run, status, reason FROM start_run('request_id', '{"a": 1}', request_id => :id);
SELECT run_id = :'run' AS same_run, status FROM start_run('request_id', '{"a": 1}', request_id => :id2);
SELECT run_seq, status, correlation_id FROM inventory_sync_runs('request_id') ORDER BY run_seq;
SELECT refused_count FROM inventory_selections('request_id');

-- Misuse: one id for another selection. In another tenant it is another id.
SELECT * FROM start_run('request_id', '{"a": 2}', request_id => :id);
SELECT status FROM start_run('request_id two', '{"a": 2}', request_id => :id);
-- An attempt that was rolled back has not been one.
BEGIN;
SELECT status FROM start_run('request_id', '{"a": 3}', request_id => '33333333-3333-3333-3333-333333333333');
ROLLBACK;
SELECT status FROM start_run('request_id', '{"a": 4}', request_id => '33333333-3333-3333-3333-333333333333');
