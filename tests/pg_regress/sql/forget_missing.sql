-- forget_missing: forgets what a clean run and others before it missed, counts by default, and keeps what another selection still has.
SELECT inventory_core.grant_access('regress_maintainer', 'forget_missing', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'forget_missing two', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_writer', 'forget_missing', 'writer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SELECT selection_hash('{}') AS hash, selection_hash('{"other": 1}') AS other \gset

SET inventory_core.clock = '2026-01-01 00:00:00+00';
SELECT regress.sync('run 1', 'forget_missing', '{}', '{vm/1,vm/2,vm/3,vm/4}') \gset
SELECT regress.sync('theirs', 'forget_missing two', '{}', '{vm/1,vm/2,vm/3,vm/4}') \gset
-- Nothing is missing yet.
SELECT forget_missing('forget_missing', :'hash', 1, '0');
SET inventory_core.clock = '2026-01-02 00:00:00+00';
SELECT regress.sync('run 2', 'forget_missing', '{}', '{vm/1,vm/2,vm/3}') \gset
SET inventory_core.clock = '2026-01-03 00:00:00+00';
SELECT regress.sync('run 3', 'forget_missing', '{}', '{vm/1,vm/2}') \gset
SELECT regress.sync('theirs', 'forget_missing two', '{}', '{}') \gset
SELECT external_id, missed_runs, missing_since FROM missing_items('forget_missing', :'hash', 'latest_clean');

-- Counts by default: both bounds have to be met.
SELECT forget_missing('forget_missing', :'hash', 0, '0') AS zero, forget_missing('forget_missing', :'hash', 1, '0') AS one, forget_missing('forget_missing', :'hash', 2, '0') AS two,
       forget_missing('forget_missing', :'hash', 3, '0') AS three, forget_missing('forget_missing', :'hash', 1, '1 day') AS a_day,
       forget_missing('forget_missing', :'hash', 1, '1 day 1 second') AS longer, forget_missing('forget_missing', :'hash', 1, '200000 years') AS ever;
SELECT count(*) FROM inventory_items('forget_missing');
SELECT forget_missing('forget_missing', :'hash', 2, '1 day', dry_run => false);
SELECT external_id FROM inventory_items('forget_missing') ORDER BY item_id;
SELECT external_id, missed_runs FROM missing_items('forget_missing', :'hash');
SELECT forget_missing('forget_missing', :'hash', 2, '1 day', dry_run => false);

-- What only a partial, a failed run and one with errors missed is not to be forgotten: 3 alone, which run 3 missed.
SELECT regress.sync('run 4', 'forget_missing', '{}', '{vm/1}', 'partial') \gset
SELECT regress.sync('run 5', 'forget_missing', '{}', '{}', 'failed') \gset
SELECT regress.sync('run 6', 'forget_missing', '{}', '{}', NULL) AS run6 \gset
SELECT record_error('forget_missing', :'run6', 'timeout') \gset
SELECT status FROM finish_run('forget_missing', :'run6');
SELECT external_id, missed_runs, confidence FROM missing_items('forget_missing', :'hash');
SELECT forget_missing('forget_missing', :'hash', 1, '0');
-- A clean run confirms; the bad ones before it do not count, the clean one that missed 3 does.
SELECT regress.sync('run 7', 'forget_missing', '{}', '{vm/1}') \gset
SELECT external_id, missed_runs FROM missing_items('forget_missing', :'hash', 'latest_clean');
SELECT forget_missing('forget_missing', :'hash', 1, '0') AS two_and_three, forget_missing('forget_missing', :'hash', 2, '0') AS three;

-- Another selection sees vm/2, whatever the order: as long as no clean run of it has missed it, it stays.
SELECT regress.sync('other 1', 'forget_missing', '{"other": 1}', '{vm/2}', 'partial') \gset
SELECT forget_missing('forget_missing', :'hash', 1, '0') AS never_clean;
SELECT regress.sync('other 2', 'forget_missing', '{"other": 1}', '{vm/2}') \gset
SELECT regress.sync('run 8', 'forget_missing', '{}', '{vm/1}') \gset
SELECT regress.sync('run 9', 'forget_missing', '{}', '{vm/1}') \gset
SELECT forget_missing('forget_missing', :'hash', 1, '0') AS seen;
SELECT regress.sync('other 3', 'forget_missing', '{"other": 1}', '{}', 'partial') \gset
SELECT forget_missing('forget_missing', :'hash', 1, '0') AS missed_by_a_partial_one;
SELECT regress.sync('other 4', 'forget_missing', '{"other": 1}', '{vm/3}', NULL) AS running \gset
SELECT forget_missing('forget_missing', :'hash', 1, '0') AS seen_by_a_running_run;
SELECT status FROM finish_run('forget_missing', :'running', 'success');
SELECT forget_missing('forget_missing', :'hash', 1, '0') AS missed_by_a_clean_one;
SELECT forget_missing('forget_missing', :'hash', 1, '0', false);
SELECT external_id FROM inventory_items('forget_missing') ORDER BY item_id;
SELECT known_items, missing_items FROM selection_status('forget_missing', :'other');
-- The other tenant's items are untouched.
SELECT count(*) FROM inventory_items('forget_missing two');
-- A selection that nobody knows is an error, not a count of 0.
SELECT forget_missing('forget_missing', repeat('a', 64), 1, '0', false);

-- For maintainers, and arguments that make no sense.
\set VERBOSITY sqlstate
SELECT forget_missing(NULL, :'hash', 1, '0');
SELECT forget_missing('forget_missing', NULL, 1, '0');
SELECT forget_missing('forget_missing', :'hash', NULL, '0');
SELECT forget_missing('forget_missing', :'hash', 1, NULL);
SELECT forget_missing('forget_missing', :'hash', 1, '0', NULL);
SELECT forget_missing('forget_missing', '*', 1, '0');
SELECT forget_missing('forget_missing', :'hash', 1, '-1 day');
\set VERBOSITY default
SELECT forget_missing('forget_missing', :'hash', -1, '0');
\set VERBOSITY sqlstate
SELECT forget_missing('forget_missing three', :'hash', 1, '0');
SET SESSION AUTHORIZATION regress_writer;
SELECT forget_missing('forget_missing', :'hash', 1, '0');
SET SESSION AUTHORIZATION regress_stranger;
SELECT forget_missing('forget_missing', :'hash', 1, '0');
