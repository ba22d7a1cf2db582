-- item_presence: which selections know an item, and since when which of them miss it by latest_clean.
SELECT inventory_core.grant_access('regress_maintainer', 'item_presence', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'item_presence two', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_reader', 'item_presence', 'reader') \gset
SELECT inventory_core.grant_access('regress_writer', 'item_presence', 'writer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{"a": 1}') AS a, selection_hash('{"b": 1}') AS b, selection_hash('{"c": 1}') AS c \gset
SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT regress.sync('a 1', 'item_presence', '{"a": 1}', '{vm/1,vm/2}') \gset
SELECT regress.sync('theirs', 'item_presence two', '{"c": 1}', '{vm/1}') \gset
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT regress.sync('b 1', 'item_presence', '{"b": 1}', '{vm/1}') \gset
SET inventory_core.clock = '2026-01-01 03:00:00+00';
SELECT regress.sync('a 2', 'item_presence', '{"a": 1}', '{vm/2}') \gset
SELECT selection, state, last_seen_at, missing_since, confidence, reasons FROM item_presence('item_presence', 'vm', '1') ORDER BY selection;
SELECT selection, state, confidence FROM item_presence('item_presence', 'vm', '2');
-- Seen by the other selection since: a reason.
SET inventory_core.clock = '2026-01-01 04:00:00+00';
SELECT regress.sync('b 2', 'item_presence', '{"b": 1}', '{vm/1}') \gset
SELECT selection, state, last_seen_at, missing_since, confidence, reasons FROM item_presence('item_presence', 'vm', '1') ORDER BY selection;
-- A run that does not vouch changes nothing; both miss it after a clean one.
SET inventory_core.clock = '2026-01-01 05:00:00+00';
SELECT regress.sync('b 3', 'item_presence', '{"b": 1}', '{}', 'partial') \gset
SELECT selection, state FROM item_presence('item_presence', 'vm', '1') ORDER BY selection;
SELECT regress.sync('b 4', 'item_presence', '{"b": 1}', '{vm/3}') \gset
SELECT selection, state, last_seen_at, missing_since, confidence, reasons FROM item_presence('item_presence', 'vm', '1') ORDER BY selection;
-- The running run observes it, and an item that no other run saw.
SELECT regress.sync('b 5', 'item_presence', '{"b": 1}', '{vm/1,vm/9}', NULL) AS running \gset
SELECT selection, state, last_seen_at, reasons FROM item_presence('item_presence', 'vm', '1') ORDER BY selection;
SELECT selection, state, last_seen_at FROM item_presence('item_presence', 'vm', '9');
-- Pruning changes nothing; the name is bytewise; what nobody knows has no row.
CREATE TEMPORARY TABLE before AS SELECT * FROM item_presence('item_presence', 'vm', '1');
SELECT prune_runs('item_presence', '0', 0);
SELECT count(*) AS changed FROM (TABLE before EXCEPT SELECT * FROM item_presence('item_presence', 'vm', '1')) AS d;
DROP TABLE before;
SELECT count(*) FROM item_presence('item_presence', 'VM', '1');
SELECT count(*) FROM item_presence('item_presence', '', '');
SET SESSION AUTHORIZATION regress_reader;
SELECT count(*) FROM item_presence('item_presence', 'vm', '1');
\set VERBOSITY sqlstate
SELECT item_presence(NULL, 'vm', '1');
SELECT item_presence('item_presence', NULL, '1');
SELECT item_presence('item_presence', 'vm', NULL);
SELECT item_presence('*', 'vm', '1');
SELECT item_presence('item_presence two', 'vm', '1');
SET SESSION AUTHORIZATION regress_stranger;
SELECT item_presence('item_presence', 'vm', '1');
