-- explain_missing: the completed runs of the selection, newest first, back to the one that last saw the item.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'explain_missing', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{}') AS hash \gset

SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT regress.sync('run 1', 'explain_missing', '{}', '{vm/1,vm/2}') \gset
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT regress.sync('run 2', 'explain_missing', '{}', '{vm/1,vm/2}') \gset
SET inventory_core.clock = '2026-01-01 03:00:00+00';
SELECT regress.sync('run 3', 'explain_missing', '{}', '{vm/2}', NULL) AS run3 \gset
SELECT record_error('explain_missing', :'run3', 'timeout', policy_type => 'disk') \gset
SELECT record_error('explain_missing', :'run3', 'forbidden') \gset
SELECT status FROM finish_run('explain_missing', :'run3');
SET inventory_core.clock = '2026-01-01 04:00:00+00';
SELECT regress.sync('other', 'explain_missing', '{"other": 1}', '{vm/1,vm/3}') \gset
SELECT regress.sync('run 4', 'explain_missing', '{}', '{vm/2}', 'partial') \gset

SELECT regress.label('explain_missing', run_id) AS run, run_seq, started_at, status, had_errors, error_codes, verdict FROM explain_missing('explain_missing', :'hash', 'vm', '1');
-- Seen by the last one: one row.
SELECT regress.label('explain_missing', run_id) AS run, verdict FROM explain_missing('explain_missing', :'hash', 'vm', '2');
-- Not known to this selection, or to nobody.
SELECT count(*) FROM explain_missing('explain_missing', :'hash', 'vm', '3');
SELECT count(*) FROM explain_missing('explain_missing', :'hash', 'vm', '4');
SELECT count(*) FROM explain_missing('explain_missing', :'hash', 'disk', '1');
SELECT count(*) FROM explain_missing('explain_missing', :'hash', '', '');
SELECT count(*) FROM explain_missing('explain_missing', selection_hash('{"never": 1}'), 'vm', '1');

-- A running run that has not seen it yet may still do so: it is no verdict.
SELECT regress.sync('run 5', 'explain_missing', '{}', '{vm/2}', NULL) AS run5 \gset
SELECT regress.label('explain_missing', run_id) AS run, verdict FROM explain_missing('explain_missing', :'hash', 'vm', '1');
SELECT regress.label('explain_missing', run_id) AS run, status, verdict FROM explain_missing('explain_missing', :'hash', 'vm', '2');

SELECT * FROM explain_missing('explain_missing', :'hash', NULL, '1');
SELECT * FROM explain_missing('explain_missing', :'hash', 'vm', NULL);
SELECT * FROM explain_missing('explain_missing', NULL, 'vm', '1');
SELECT * FROM explain_missing('explain_missing', 'x', 'vm', '1');
SELECT * FROM explain_missing(NULL, :'hash', 'vm', '1');
