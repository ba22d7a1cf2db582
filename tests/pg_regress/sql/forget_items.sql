-- forget_items: the only way that an item goes, asked for by its id; no answer counts it any more. Should it return, it is new.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_maintainer', 'forget_items', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'forget_items two', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_writer', 'forget_items', 'writer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{}') AS hash \gset

SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT regress.sync('run 1', 'forget_items', '{}', '{vm/1,vm/2,vm/3}') AS run1 \gset
SELECT regress.sync('theirs', 'forget_items two', '{}', '{vm/1,vm/2,vm/3}') \gset
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT regress.sync('run 2', 'forget_items', '{}', '{vm/1}') \gset
SELECT item_id, external_id FROM missing_items('forget_items', :'hash');

-- Ids that are nobody's, NULL or given twice count for nothing; nor are the same ids of the other tenant touched.
SELECT forget_items('forget_items', '{2,2,NULL,99,-1}');
SELECT forget_items('forget_items', '{2}');
SELECT forget_items('forget_items', '{}');
SELECT item_id, external_id FROM inventory_items('forget_items two') ORDER BY item_id;
SELECT item_id, external_id FROM missing_items('forget_items', :'hash');
SELECT known_items, observed_items, missing_items FROM selection_status('forget_items', :'hash');
SELECT policy_type, known, observed, missing FROM missing_summary('forget_items', :'hash');
SELECT count(*) FROM explain_missing('forget_items', :'hash', 'vm', '2');
-- The counts of a finished run stay as they were.
SELECT run_seq, observed_count, inserted_count FROM inventory_sync_runs('forget_items') ORDER BY run_seq;

-- It returns: a new row with a new id, first seen now.
SET inventory_core.clock = '2026-01-01 03:00:00+00';
SELECT regress.sync('run 3', 'forget_items', '{}', '{vm/1,vm/2}') AS run3 \gset
SELECT item_id, external_id, first_seen_at, last_seen_at FROM inventory_items('forget_items') ORDER BY item_id;
SELECT change, external_id FROM run_changes('forget_items', :'run3');
SELECT regress.label('forget_items', run_id) AS run, verdict FROM explain_missing('forget_items', :'hash', 'vm', '2');

-- Forgotten while a run goes on: it drops out of the run's counts, and is new again when the run sees it again.
SET inventory_core.clock = '2026-01-01 04:00:00+00';
SELECT regress.sync('run 4', 'forget_items', '{}', '{vm/1,vm/2,vm/9}', NULL) AS run4 \gset
SELECT forget_items('forget_items', ARRAY(SELECT item_id FROM inventory_items('forget_items') WHERE external_id IN ('1', '9')));
SELECT observed_count, inserted_count, unchanged_count FROM inventory_sync_runs('forget_items') WHERE run_id = :'run4';
SELECT inserted FROM upsert_items('forget_items', :'run4', '[{"policy_type": "vm", "external_id": "1"}]');
SELECT observed_count, inserted_count, unchanged_count FROM finish_run('forget_items', :'run4');
SELECT item_id, external_id, first_seen_at FROM inventory_items('forget_items') ORDER BY item_id;
SELECT known_items, observed_items, missing_items FROM selection_status('forget_items', :'hash');

-- The last id is not used again either.
SELECT forget_items('forget_items', ARRAY(SELECT max(item_id) FROM inventory_items('forget_items')));
SELECT regress.sync('run 5', 'forget_items', '{}', '{vm/1}') \gset
SELECT max(item_id) FROM inventory_items('forget_items');

-- For maintainers.
SELECT forget_items('forget_items', NULL);
SELECT forget_items(NULL, '{1}');
SET SESSION AUTHORIZATION regress_writer;
SELECT forget_items('forget_items', '{1}');
