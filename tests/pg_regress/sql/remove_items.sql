-- remove_items: what the API said is gone. Evidence, never a deletion.
\set VERBOSITY sqlstate
\set SHOW_CONTEXT never
SELECT inventory_core.grant_access('regress_maintainer', 'removed', 'maintainer'),
       inventory_core.grant_access('regress_reader', 'removed', 'reader'),
       inventory_core.grant_access('regress_maintainer', 'removed too', 'maintainer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core, inventory_core_internal;
SELECT selection_hash('{}') AS hash \gset
SET inventory_core.clock = '2026-03-01 00:00:00+00';

SELECT run_id AS full1 FROM start_run('removed', '{}', 'full 1') \gset
SELECT observed FROM upsert_items('removed', :'full1', '[{"policy_type": "vm", "external_id": "1"}, {"policy_type": "vm", "external_id": "2"}, {"policy_type": "vm", "external_id": "3"}, {"policy_type": "db", "external_id": "1"}]');
SELECT status FROM finish_run('removed', :'full1', cursor => 'token 1');

-- A delta run removes two items; a repeated item and a repeated call count once. What the selection does not know is unknown:
-- an item of another selection, too.
SELECT regress.sync('other', 'removed', '{"other": 1}', '{vm/9}') \gset
SET inventory_core.clock = '2026-03-02 00:00:00+00';
SELECT run_id AS delta2, cursor FROM start_run('removed', '{}', 'delta 2', mode => 'delta') \gset
\echo :cursor
SELECT * FROM remove_items('removed', :'delta2', '[{"policy_type": "vm", "external_id": "1"}, {"policy_type": "db", "external_id": "1"}, {"policy_type": "vm", "external_id": "1"}, {"policy_type": "vm", "external_id": "9"}, {"policy_type": "vm", "external_id": "never"}]');
SELECT * FROM remove_items('removed', :'delta2', '[{"policy_type": "vm", "external_id": "1"}]');
SELECT * FROM remove_items('removed', :'delta2', '[]');
-- It counts from the end of the run.
SELECT removed_count, observed_count FROM inventory_sync_runs('removed') WHERE run_id = :'delta2';
SELECT count(*) FROM missing_items('removed', :'hash');
SELECT count(*) FROM run_changes('removed', :'delta2');
SELECT removed_count, observed_count, mode FROM finish_run('removed', :'delta2', cursor => 'token 2');
SELECT change, policy_type, external_id FROM run_changes('removed', :'delta2');
SELECT policy_type, external_id, missed_runs, missing_since, regress.label('removed', baseline_run_id), confidence, reasons, regress.label('removed', last_seen_run_id) AS last_seen
FROM missing_items('removed', :'hash');
SELECT policy_type, external_id, missed_runs, missing_since, regress.label('removed', baseline_run_id), confidence, reasons
FROM missing_items('removed', :'hash', 'latest_clean');
SELECT policy_type, known, observed, missing, newly_missing, oldest_missing_since, confidence, reasons, regress.label('removed', baseline_run_id) FROM missing_summary('removed', :'hash');
SELECT known_items, observed_items, missing_items, confirmed_missing, confidence, reasons, cursor FROM selection_status('removed', :'hash');
SELECT regress.label('removed', run_id), status, verdict FROM explain_missing('removed', :'hash', 'vm', '1');
SELECT regress.label('removed', run_id), status, verdict FROM explain_missing('removed', :'hash', 'vm', '2');
-- The items are still in the catalogue.
SELECT count(*) FROM inventory_items('removed');

-- A failed delta: the cursor stays, nothing is missing by what it did not mention, what it removed is.
SET inventory_core.clock = '2026-03-03 00:00:00+00';
SELECT run_id AS delta3 FROM start_run('removed', '{}', 'delta 3', mode => 'delta') \gset
SELECT * FROM remove_items('removed', :'delta3', '[{"policy_type": "vm", "external_id": "1"}, {"policy_type": "vm", "external_id": "3"}]');
SELECT record_error('removed', :'delta3', http_status => 503);
SELECT removed_count FROM finish_run('removed', :'delta3', 'failed', cursor => 'token 3');
SELECT cursor FROM selection_status('removed', :'hash');
SELECT change, policy_type, external_id FROM run_changes('removed', :'delta3');
-- vm/1 was missing already: its baseline moves and nothing else.
SELECT policy_type, external_id, missed_runs, missing_since, regress.label('removed', baseline_run_id), confidence, reasons
FROM missing_items('removed', :'hash', 'latest_clean');
SELECT regress.label('removed', run_id), verdict FROM explain_missing('removed', :'hash', 'vm', '1');

-- Observed again, it is there again. Observed and removed in one run, in both orders: the later wins.
SET inventory_core.clock = '2026-03-04 00:00:00+00';
SELECT run_id AS delta4 FROM start_run('removed', '{}', 'delta 4', mode => 'delta') \gset
SELECT * FROM remove_items('removed', :'delta4', '[{"policy_type": "vm", "external_id": "2"}]');
SELECT observed FROM upsert_items('removed', :'delta4', '[{"policy_type": "vm", "external_id": "1"}, {"policy_type": "vm", "external_id": "2"}, {"policy_type": "vm", "external_id": "new"}, {"policy_type": "db", "external_id": "1"}]');
SELECT * FROM remove_items('removed', :'delta4', '[{"policy_type": "vm", "external_id": "new"}, {"policy_type": "db", "external_id": "1"}]');
-- An observation counts at once, unless the run removed the item later.
SELECT policy_type, external_id FROM missing_items('removed', :'hash');
SELECT policy_type, external_id, regress.label('removed', run_id), verdict FROM (VALUES ('vm', '1'), ('db', '1'), ('vm', 'new')) AS i (policy_type, external_id), explain_missing('removed', :'hash', policy_type, external_id);
SELECT observed_count, removed_count FROM finish_run('removed', :'delta4', cursor => 'token 4');
SELECT change, policy_type, external_id FROM run_changes('removed', :'delta4');
SELECT policy_type, external_id, missed_runs, missing_since, regress.label('removed', baseline_run_id), reasons, regress.label('removed', last_seen_run_id) AS last_seen
FROM missing_items('removed', :'hash');
SELECT regress.label('removed', run_id), verdict FROM explain_missing('removed', :'hash', 'db', '1');
SELECT regress.label('removed', run_id), verdict FROM explain_missing('removed', :'hash', 'vm', '1');

-- A full run that does not see them misses them once more; one that sees them has them back.
SET inventory_core.clock = '2026-03-05 00:00:00+00';
SELECT regress.sync('full 5', 'removed', '{}', '{vm/1,vm/2}') AS full5 \gset
SELECT change, policy_type, external_id FROM run_changes('removed', :'full5');
SELECT policy_type, external_id, missed_runs, missing_since, regress.label('removed', baseline_run_id), confidence, reasons
FROM missing_items('removed', :'hash', 'latest_clean');
SELECT policy_type, missing, newly_missing, oldest_missing_since FROM missing_summary('removed', :'hash', 'latest_clean');
SET inventory_core.clock = '2026-03-06 00:00:00+00';
SELECT regress.sync('full 6', 'removed', '{}', '{vm/1,vm/2,vm/3,db/1}') AS full6 \gset
SELECT change, policy_type, external_id FROM run_changes('removed', :'full6');
SELECT policy_type, external_id, reasons FROM missing_items('removed', :'hash', 'latest_clean');

-- Another selection that sees a removed item later, and does not miss it itself.
SELECT regress.sync('other 2', 'removed', '{"other": 1}', '{vm/9,vm/new}') \gset
SELECT external_id, reasons FROM missing_items('removed', :'hash');
-- Forgetting asks of a removed item only its age, and spares what another selection has.
SELECT run_id AS delta7 FROM start_run('removed', '{}', 'delta 7', mode => 'delta') \gset
SELECT * FROM remove_items('removed', :'delta7', '[{"policy_type": "vm", "external_id": "3"}]');
SELECT status FROM finish_run('removed', :'delta7');
SELECT forget_missing('removed', :'hash', 5, '1 day');
SET inventory_core.clock = '2026-03-08 00:00:00+00';
SELECT forget_missing('removed', :'hash', 5, '1 day', dry_run => false);
SELECT external_id FROM missing_items('removed', :'hash');

-- Guards: what the run itself removed is not expected. 30 of 40 are removed, 10 are seen.
SELECT regress.sync('full a', 'removed too', '{}', ARRAY(SELECT 'vm/' || n FROM generate_series(1, 40) AS n)) \gset
SELECT run_id AS full_b FROM start_run('removed too', '{}', 'full b') \gset
SELECT removed, unknown FROM remove_items('removed too', :'full_b', (SELECT json_agg(json_build_object('policy_type', 'vm', 'external_id', n::text)) FROM generate_series(11, 40) AS n));
SELECT observed FROM upsert_items('removed too', :'full_b', (SELECT json_agg(json_build_object('policy_type', 'vm', 'external_id', n::text)) FROM generate_series(1, 10) AS n));
SELECT status, error_codes, observed_count, removed_count FROM finish_run('removed too', :'full_b');
SELECT policy_type, observed FROM type_counts('removed too', :'hash') ORDER BY run_seq;
-- Everything that was there is removed: nothing was observed, and nothing was expected.
SELECT run_id AS full_c FROM start_run('removed too', '{}', 'full c') \gset
SELECT removed, unknown FROM remove_items('removed too', :'full_c', (SELECT json_agg(json_build_object('policy_type', 'vm', 'external_id', n::text)) FROM generate_series(1, 10) AS n));
SELECT status, error_codes FROM finish_run('removed too', :'full_c');
SELECT known_items, confirmed_missing FROM selection_status('removed too', :'hash');

-- Pruning changes no answer.
CREATE TEMP TABLE before AS
    SELECT regress.label('removed too', baseline_run_id) AS l, m.* FROM missing_items('removed too', :'hash') AS m;
SELECT regress.sync('full d', 'removed too', '{}', '{}') \gset
SELECT regress.sync('full e', 'removed too', '{}', '{}') \gset
SELECT prune_runs('removed too', '0', 0);
SELECT count(*), count(DISTINCT b.baseline_run_id) FROM missing_items('removed too', :'hash') AS m JOIN before AS b USING (item_id, missing_since, baseline_run_id, reasons);
SELECT verdict, count(*) FROM explain_missing('removed too', :'hash', 'vm', '40') GROUP BY verdict ORDER BY verdict;

-- Bad input.
\set VERBOSITY default
SELECT run_id AS bad FROM start_run('removed', '{}', 'bad') \gset
SELECT * FROM remove_items('removed', :'bad', '[{"policy_type": "vm", "external_id": "1"}, {"policy_type": "vm"}]');
SELECT * FROM remove_items('removed', :'bad', '[{"policy_type": "", "external_id": "1"}]');
SELECT * FROM remove_items('removed', :'bad', '[{"policy_type": "vm", "external_id": "1", "removed": true}]');
SELECT * FROM remove_items('removed', :'bad', '{"policy_type": "vm", "external_id": "1"}');
SELECT * FROM remove_items('removed', :'bad', to_json('[{"policy_type": "vm", "external_id": "1"}]'::text));
SELECT * FROM remove_items('removed', NULL, '[]');
SELECT * FROM remove_items('removed', :'bad', NULL);
\set VERBOSITY sqlstate
SELECT * FROM remove_items('removed', :'bad', (SELECT json_agg(json_build_object('policy_type', 'vm', 'external_id', n::text)) FROM generate_series(1, 50001) AS n));
SELECT removed_count FROM inventory_sync_runs('removed') WHERE run_id = :'bad';
SELECT * FROM remove_items(NULL, :'bad', '[]');
SELECT * FROM remove_items('removed', :'delta7', '[]');
SELECT * FROM remove_items('removed too', :'bad', '[]');
SELECT * FROM remove_items('removed', '00000000-0000-0000-0000-000000000000', '[]');
-- It prolongs the lease as a batch does.
SET inventory_core.clock = '2026-03-08 00:05:00+00';
SELECT * FROM remove_items('removed', :'bad', '[]');
SELECT lease_expires_at FROM inventory_sync_runs('removed') WHERE run_id = :'bad';
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_reader;
SELECT * FROM inventory_core.remove_items('removed', :'bad', '[]');
SET SESSION AUTHORIZATION regress_stranger;
SELECT * FROM inventory_core.remove_items('removed', :'bad', '[]');
