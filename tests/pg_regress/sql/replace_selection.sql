-- replace_selection: runs and evidence go on under the hash of another JSON; the cursor is dropped.
SELECT inventory_core.grant_access('regress_maintainer', 'replace_selection', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'replace_selection two', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_reader', 'replace_selection', 'reader') \gset
SELECT inventory_core.grant_access('regress_writer', 'replace_selection', 'writer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{"a": 1}') AS a, selection_hash('{"b": 1}') AS b, selection_hash('{"c": 1}') AS c \gset
SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT regress.sync('a 1', 'replace_selection', '{"a": 1}', '{vm/1,vm/2,disk/1}') \gset
SELECT regress.sync('theirs', 'replace_selection two', '{"a": 1}', '{vm/1}') \gset
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT regress.sync('a 2', 'replace_selection', '{"a": 1}', '{vm/1,disk/1}', 'failed') \gset
SELECT run_id FROM start_run('replace_selection', '{"a": 1}', 'a 3') \gset
SELECT count(*) FROM upsert_items('replace_selection', :'run_id', '[{"policy_type": "vm", "external_id": "1"}, {"policy_type": "disk", "external_id": "1"}]');
-- Not while a run of it is running.
SELECT replace_selection('replace_selection', :'a', '{"b": 1}');
SELECT status FROM finish_run('replace_selection', :'run_id', cursor => 'page 1');
SELECT prune_runs('replace_selection', '0', 0);
CREATE TEMPORARY TABLE before AS
SELECT to_jsonb(m) AS answer FROM missing_items('replace_selection', :'a') AS m
UNION ALL SELECT to_jsonb(m) FROM missing_summary('replace_selection', :'a', 'latest_clean') AS m
UNION ALL SELECT to_jsonb(e) FROM explain_missing('replace_selection', :'a', 'vm', '2') AS e
UNION ALL SELECT to_jsonb(t) FROM type_counts('replace_selection', :'a') AS t
UNION ALL SELECT to_jsonb(s) - '{selection_hash,selection,cursor}'::text[] FROM selection_status('replace_selection', :'a') AS s
UNION ALL SELECT to_jsonb(s) - '{selection_hash,selection}'::text[] FROM inventory_selections('replace_selection') AS s
UNION ALL SELECT to_jsonb(i) FROM inventory_items('replace_selection') AS i;
SELECT cursor FROM selection_status('replace_selection', :'a');
-- A refused start is counted on.
SELECT status FROM start_run('replace_selection', '{"a": 1}', min_age => '1 hour');
UPDATE before SET answer = answer || '{"refused_count": 1, "last_refused_reason": "fresh", "last_refused_at": "2026-01-01T02:00:00+00:00"}' WHERE answer ? 'refused_count';
SELECT replace_selection('replace_selection', :'a', '{"b": 1}') = :'b' AS new_hash;
SELECT count(*) AS answers, count(b.answer) AS before, count(a.answer) AS after FROM before AS b FULL JOIN (
SELECT to_jsonb(m) AS answer FROM missing_items('replace_selection', :'b') AS m
UNION ALL SELECT to_jsonb(m) FROM missing_summary('replace_selection', :'b', 'latest_clean') AS m
UNION ALL SELECT to_jsonb(e) FROM explain_missing('replace_selection', :'b', 'vm', '2') AS e
UNION ALL SELECT to_jsonb(t) FROM type_counts('replace_selection', :'b') AS t
UNION ALL SELECT to_jsonb(s) - '{selection_hash,selection,cursor}'::text[] FROM selection_status('replace_selection', :'b') AS s
UNION ALL SELECT to_jsonb(s) - '{selection_hash,selection}'::text[] FROM inventory_selections('replace_selection') AS s
UNION ALL SELECT to_jsonb(i) FROM inventory_items('replace_selection') AS i) AS a ON a.answer = b.answer;
DROP TABLE before;
SELECT selection, cursor FROM selection_status('replace_selection', :'b');
-- The old hash is unknown; a start of the old JSON begins anew, one of the new goes on.
SELECT missing_items('replace_selection', :'a');
SELECT selection, confidence FROM selection_status('replace_selection', :'a');
SET inventory_core.clock = '2026-01-01 03:00:00+00';
SELECT regress.sync('b 4', 'replace_selection', '{"b": 1}', '{vm/1}') \gset
SELECT run_seq, correlation_id FROM inventory_sync_runs('replace_selection') ORDER BY run_seq;
SELECT external_id, missed_runs FROM missing_items('replace_selection', :'b', 'latest_clean') ORDER BY item_id;
SELECT regress.sync('a anew', 'replace_selection', '{"a": 1}', '{vm/1}') \gset
SELECT run_seq FROM inventory_sync_runs('replace_selection') WHERE correlation_id = 'a anew';
-- Not where the new one ever had a run; the same selection in another spelling is the same one.
SELECT replace_selection('replace_selection', :'b', '{"a": 1}');
\set VERBOSITY sqlstate
SELECT replace_selection('replace_selection', :'b', '{"b": 1.0}');
-- The other tenant has its own.
SELECT count(*) FROM missing_summary('replace_selection two', :'a');

-- Bad input.
\set VERBOSITY default
SELECT replace_selection('replace_selection', :'b', '[1]');
SELECT replace_selection('replace_selection', repeat('a', 64), '{"d": 1}');
\set VERBOSITY sqlstate
SELECT replace_selection('replace_selection', :'b', '{"d": 1e999}');
SELECT replace_selection('replace_selection', :'b', NULL);
SELECT replace_selection('replace_selection', NULL, '{"d": 1}');
SELECT replace_selection(NULL, :'b', '{"d": 1}');
SELECT replace_selection('replace_selection', '*', '{"d": 1}');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT replace_selection('replace_selection', :'b', '{"d": 1}');
ROLLBACK;
SET SESSION AUTHORIZATION regress_writer;
SELECT replace_selection('replace_selection', :'b', '{"d": 1}');
SELECT replace_selection('replace_selection two', :'a', '{"d": 1}');
SET SESSION AUTHORIZATION regress_reader;
SELECT replace_selection('replace_selection', :'b', '{"d": 1}');
SET SESSION AUTHORIZATION regress_stranger;
SELECT replace_selection('replace_selection', :'b', '{"d": 1}');
