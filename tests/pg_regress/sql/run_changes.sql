-- run_changes: what a run changed in its selection.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_maintainer', 'run_changes', 'maintainer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core, inventory_core_internal;

-- The first run adds everything.
SELECT regress.sync('run 1', 'run_changes', '{}', '{vm/1,vm/2,vm/3,vm/4}') AS run1 \gset
SELECT * FROM run_changes('run_changes', :'run1');
-- vm/2 and vm/3 are not there; vm/5 is new.
SELECT regress.sync('run 2', 'run_changes', '{}', '{vm/1,vm/4,vm/5}') AS run2 \gset
SELECT change, external_id FROM run_changes('run_changes', :'run2');
-- vm/2 is back, and changed; vm/1 changed; vm/6 is new, changed by a later batch of the same run, which is not a change;
-- vm/4 goes, vm/3 stays away, which is no change of this run.
SELECT regress.sync('run 3', 'run_changes', '{}', '{vm/5,vm/6}', NULL) AS run3 \gset
SELECT inserted, updated FROM upsert_items('run_changes', :'run3', '[{"policy_type": "vm", "external_id": "1", "display_name": "one"}, {"policy_type": "vm", "external_id": "2", "display_name": "two"}, {"policy_type": "vm", "external_id": "6", "display_name": "six"}]');
SELECT change, external_id FROM run_changes('run_changes', :'run3');
SELECT status FROM finish_run('run_changes', :'run3');
SELECT change, item_id, external_id, display_name FROM run_changes('run_changes', :'run3');
-- Nothing changed but what was missed already.
SELECT regress.sync('run 4', 'run_changes', '{}', '{vm/1,vm/2,vm/5,vm/6}') AS run4 \gset
SELECT count(*) FROM run_changes('run_changes', :'run4');

-- Another selection that sees old items for its first time: they are added to it.
SELECT regress.sync('other', 'run_changes', '{"other": 1}', '{vm/1,vm/7}') AS other \gset
SELECT change, external_id FROM run_changes('run_changes', :'other');
SELECT inserted_count, unchanged_count FROM inventory_sync_runs('run_changes') WHERE run_id = :'other';

-- What was said of earlier runs is still true; the display name is that of today.
SELECT change, external_id, display_name FROM run_changes('run_changes', :'run2');
-- A forgotten item drops out of all of them.
SELECT forget_items('run_changes', ARRAY(SELECT item_id FROM inventory_items('run_changes') WHERE external_id IN ('1', '3')));
SELECT change, external_id FROM run_changes('run_changes', :'run1');
SELECT change, external_id FROM run_changes('run_changes', :'run2');
SELECT change, external_id FROM run_changes('run_changes', :'run3');

SELECT * FROM run_changes('run_changes', NULL);
SELECT * FROM run_changes(NULL, :'run1');
SELECT * FROM run_changes('run_changes', '00000000-0000-0000-0000-000000000000');
