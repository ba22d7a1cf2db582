-- prune_runs: old runs go, no answer changes. What explain_missing lists stays listed, run_seq goes on, and what is needed is kept.
SELECT inventory_core.grant_access('regress_maintainer', 'prune', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'prune two', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_writer', 'prune', 'writer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core, inventory_core_internal;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT selection_hash('{}') AS hash \gset

-- Nine runs, a day apart: vm/2 is missing since run 3, vm/3 since run 6; run 4 had an error, run 8 is partial, the last one failed.
CREATE FUNCTION pg_temp.sync(n integer, items text[], status text DEFAULT 'success', error text DEFAULT NULL) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    run uuid;
BEGIN
    PERFORM set_config('inventory_core.clock', format('2026-01-0%s 00:00:00+00', n), false);
    run := regress.sync('run ' || n, 'prune', '{}', items, NULL);
    IF error IS NOT NULL THEN
        PERFORM inventory_core.record_error('prune', run, error);
    END IF;
    PERFORM inventory_core.finish_run('prune', run, status);
    RETURN run;
END
$$;
SELECT pg_temp.sync(1, '{vm/1,vm/2,vm/3}') AS run1, pg_temp.sync(2, '{vm/1,vm/2,vm/3}') AS run2, pg_temp.sync(3, '{vm/1,vm/3}') AS run3,
       pg_temp.sync(4, '{vm/1,vm/3}', error => 'timeout') AS run4, pg_temp.sync(5, '{vm/1,vm/3}') AS run5, pg_temp.sync(6, '{vm/1}') AS run6,
       pg_temp.sync(7, '{vm/1}') AS run7, pg_temp.sync(8, '{vm/1}', 'partial') AS run8, pg_temp.sync(9, '{vm/1}', 'failed', 'network') AS run9 \gset
SELECT regress.sync('theirs', 'prune two', '{}', '{vm/1}') IS NOT NULL AS synced FROM generate_series(1, 3);

-- Every answer, as one text.
CREATE FUNCTION pg_temp.answers() RETURNS TABLE (question text, answer text) LANGUAGE sql AS $$
    SELECT 'inventory_items', (SELECT jsonb_agg(i ORDER BY i.item_id)::text FROM inventory_core.inventory_items('prune') AS i)
    UNION ALL SELECT 'inventory_selections', (SELECT jsonb_agg(s)::text FROM inventory_core.inventory_selections('prune') AS s)
    UNION ALL SELECT 'run_progress', (SELECT jsonb_agg(p)::text FROM inventory_core.run_progress('prune') AS p)
    UNION ALL SELECT 'selection_status', (SELECT jsonb_agg(s)::text FROM inventory_core.selection_status('prune', inventory_core.selection_hash('{}')) AS s)
    UNION ALL SELECT 'missing_items ' || b, (SELECT jsonb_agg(m)::text FROM inventory_core.missing_items('prune', inventory_core.selection_hash('{}'), b) AS m)
    FROM unnest(ARRAY['latest', 'latest_clean']) AS b
    UNION ALL SELECT 'missing_summary ' || b, (SELECT jsonb_agg(m)::text FROM inventory_core.missing_summary('prune', inventory_core.selection_hash('{}'), b) AS m)
    FROM unnest(ARRAY['latest', 'latest_clean']) AS b
    UNION ALL SELECT 'explain_missing ' || i, (SELECT jsonb_agg(m)::text FROM inventory_core.explain_missing('prune', inventory_core.selection_hash('{}'), 'vm', i) AS m)
    FROM unnest(ARRAY['1', '2', '3']) AS i
$$;
CREATE TEMP TABLE before AS SELECT * FROM pg_temp.answers();
SELECT question, length(answer) > 50 AS says_something FROM before ORDER BY question;

-- Both protect: what is young, and the last ones of each selection.
SELECT prune_runs('prune');
SELECT prune_runs('prune', '0', 9), prune_runs('prune', '10 days', 0), prune_runs('prune', '200000 years', 0);
SELECT prune_runs('prune', '6 days', 4);
SELECT run_seq FROM inventory_sync_runs('prune') ORDER BY run_seq;
-- Kept: 2 and 5 saw an item last, 7 is clean, 9 is the latest (and saw vm/1).
SELECT prune_runs('prune', '0', 0);
SELECT prune_runs('prune', '0', 0);
SELECT run_seq, status FROM inventory_sync_runs('prune') ORDER BY run_seq;
SELECT question AS differs FROM before FULL JOIN pg_temp.answers() AS now USING (question) WHERE before.answer IS DISTINCT FROM now.answer;
SELECT run_seq, status, error_codes, verdict FROM explain_missing('prune', :'hash', 'vm', '2');
-- The pruned run itself, its errors and changes are gone.
SELECT count(*) AS errors FROM inventory_sync_errors('prune');
SELECT count(*) FROM run_changes('prune', :'run1');
SELECT count(*) FROM run_changes('prune', :'run9');
-- The other tenant's are untouched.
SELECT count(*) FROM inventory_sync_runs('prune two');

-- The shrink guard, the progress and run_seq go on as if nothing had been pruned.
SELECT pg_temp.sync(9, ARRAY(SELECT 'big/' || n FROM generate_series(1, 30) AS n)) AS run10, pg_temp.sync(9, '{vm/1}', 'partial') AS run11,
       pg_temp.sync(9, '{vm/1}') AS run12, pg_temp.sync(9, '{vm/1}', 'success', 'timeout') AS run13, pg_temp.sync(9, '{vm/1}', 'failed') AS run14 \gset
SELECT run_seq, error_codes FROM inventory_sync_runs('prune') WHERE run_seq >= 10 ORDER BY run_seq;
-- Kept of these: 10 is clean, 14 the latest, and it saw vm/1. What the guard measures by needs no run.
SELECT prune_runs('prune', '0', 0);
SELECT run_seq, status, error_codes FROM inventory_sync_runs('prune') ORDER BY run_seq;
SELECT regress.sync('running', 'prune', '{}', '{vm/1}', NULL) AS running \gset
SELECT previous_total FROM run_progress('prune');
SELECT prune_runs('prune', '0', 0);
SELECT run_seq, status FROM finish_run('prune', :'running');

-- Lines of pruned runs stay only as long as an item is missing for so long.
SELECT forget_items('prune', ARRAY(SELECT item_id FROM missing_items('prune', :'hash')));
SELECT prune_runs('prune', '0', 0);
SELECT run_seq FROM inventory_sync_runs('prune') ORDER BY run_seq;
BEGIN;
SELECT set_tenant('prune') \gset
SELECT count(*) AS lines FROM pruned_runs;
COMMIT;
-- A run that still has parts is not pruned, whatever its status.
SELECT pg_temp.sync(9, '{vm/1}') AS parted, pg_temp.sync(9, '{vm/1}') AS after1, pg_temp.sync(9, '{vm/1}') AS after2 \gset
BEGIN;
SELECT set_tenant('prune') \gset
INSERT INTO run_parts SELECT 'prune', :'parted', gen_random_uuid(), 0, 'unchanged', '', (SELECT item_ids FROM _bitmap_chunks('{1}')), now();
SELECT prune_runs('prune', '0', 0);
SELECT correlation_id FROM inventory_sync_runs WHERE run_id = :'parted';
ROLLBACK;
SELECT prune_runs('prune', '0', 0);

-- In steps of a thousand.
RESET SESSION AUTHORIZATION;
INSERT INTO inventory_core_internal.sync_runs (tenant_id, run_id, selection_hash, run_seq, start_no, first_new_item_id, status, scope, started_at, finished_at, lease, lease_expires_at,
                       observed_count, inserted_count, updated_count, unchanged_count)
SELECT 'prune two', gen_random_uuid(), inventory_core.selection_hash('{}'), 10 + n, 10 + n, 1, 'success', '*', '2026-01-01', '2026-01-01', '1 min', '2026-01-01', 0, 0, 0, 0 FROM generate_series(1, 1100) AS n;
SET SESSION AUTHORIZATION regress_maintainer;
SELECT prune_runs('prune two', '0', 10);

-- For maintainers, and arguments that make no sense.
\set VERBOSITY sqlstate
SELECT prune_runs(NULL);
SELECT prune_runs('prune', NULL);
SELECT prune_runs('prune', '0', NULL);
SELECT prune_runs('prune', '0', -1);
\set VERBOSITY default
SELECT prune_runs('prune', '-1 second');
\set VERBOSITY sqlstate
SELECT prune_runs('prune three');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT prune_runs('prune');
ROLLBACK;
SET SESSION AUTHORIZATION regress_writer;
SELECT prune_runs('prune');
SET SESSION AUTHORIZATION regress_stranger;
SELECT prune_runs('prune');
