-- gone_items: what every selection that knows it misses by latest_clean, and no running run has observed.
SELECT inventory_core.grant_access('regress_maintainer', 'gone_items', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'gone_items two', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_reader', 'gone_items', 'reader') \gset
SELECT inventory_core.grant_access('regress_writer', 'gone_items', 'writer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{"a": 1}') AS a, selection_hash('{"b": 1}') AS b, selection_hash('{"c": 1}') AS c \gset
SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT regress.sync('a 1', 'gone_items', '{"a": 1}', '{vm/1,vm/2,vm/3,disk/1}') \gset
SELECT regress.sync('theirs', 'gone_items two', '{"a": 1}', '{vm/1}') \gset
SELECT regress.sync('theirs', 'gone_items two', '{"a": 1}', '{vm/2}') \gset
SELECT count(*) FROM gone_items('gone_items');
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT regress.sync('b 1', 'gone_items', '{"b": 1}', '{vm/2}') \gset
SET inventory_core.clock = '2026-01-01 03:00:00+00';
SELECT regress.sync('a 2', 'gone_items', '{"a": 1}', '{vm/3,disk/1}') \gset
-- 2 is known to the other selection, which does not miss it.
SELECT item_id, policy_type, external_id, display_name, last_seen_at, missing_since FROM gone_items('gone_items');
-- A run that vouches for nothing makes nothing gone.
SET inventory_core.clock = '2026-01-01 04:00:00+00';
SELECT regress.sync('b 2', 'gone_items', '{"b": 1}', '{}', 'failed') \gset
SELECT external_id FROM gone_items('gone_items');
-- missing_since is the later of the two.
SET inventory_core.clock = '2026-01-01 05:00:00+00';
SELECT regress.sync('b 3', 'gone_items', '{"b": 1}', '{vm/3}') \gset
SELECT external_id, last_seen_at, missing_since FROM gone_items('gone_items');
-- Observed by the running run of a selection that never knew it.
SELECT regress.sync('c 1', 'gone_items', '{"c": 1}', '{vm/1}', NULL) AS running \gset
SELECT external_id FROM gone_items('gone_items');
SELECT status FROM finish_run('gone_items', :'running', 'partial');
SELECT external_id FROM gone_items('gone_items');
-- The same as forget_missing would forget; pruning changes nothing; an orphan is not gone.
SELECT prune_runs('gone_items', '0', 0);
SELECT external_id, last_seen_at, missing_since FROM gone_items('gone_items');
SELECT forget_missing('gone_items', :'b', 0, '0') AS of_b;
SELECT forget_selection('gone_items', :'c') AS orphans;
SELECT forget_selection('gone_items', :'b') AS orphans;
SELECT external_id, last_seen_at, missing_since FROM gone_items('gone_items');
SELECT forget_selection('gone_items', :'a') AS orphans;
SELECT external_id FROM gone_items('gone_items');
SET SESSION AUTHORIZATION regress_reader;
SELECT count(*) FROM gone_items('gone_items');
\set VERBOSITY sqlstate
SELECT gone_items(NULL);
SELECT gone_items('*');
SELECT gone_items('gone_items two');
SET SESSION AUTHORIZATION regress_stranger;
SELECT gone_items('gone_items');
