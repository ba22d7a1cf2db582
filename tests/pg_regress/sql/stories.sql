-- Stories of people who sync inventories, told in small by a plain role. What is not in the last list, and what is gone?
\set SHOW_CONTEXT never
SELECT inventory_core.grant_access('regress_maintainer', 'stories', 'maintainer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core;
SET timezone = 'UTC';
SET datestyle = 'ISO';
-- A run an hour; the ids begin with the number of the story, so that no story sees the items of another. failed are the types that an error is recorded for; '' stands for an error without a type.
CREATE FUNCTION pg_temp.run(story integer, hour integer, items text[], status text DEFAULT 'success', failed text[] DEFAULT '{}',
                            expected bigint DEFAULT NULL, accept_shrink boolean DEFAULT false, types text[] DEFAULT NULL)
RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    run uuid;
    codes text[];
BEGIN
    PERFORM set_config('inventory_core.clock', (timestamptz '2026-01-01 00:00:00+00' + make_interval(hours => hour))::text, false);
    run := (SELECT s.run_id FROM inventory_core.start_run('stories', jsonb_build_object('story', story), 'hour ' || hour,
                                                          policy_types => types) AS s);
    PERFORM inventory_core.upsert_items('stories', run,
        (SELECT coalesce(json_agg(json_build_object('policy_type', split_part(i, '/', 1),
                                                    'external_id', left(story::text, 1) || split_part(i, '/', 2))), '[]')
         FROM unnest(items) AS i));
    PERFORM inventory_core.record_error('stories', run, 'forbidden', policy_type => nullif(f, '')) FROM unnest(failed) AS f;
    SELECT f.error_codes INTO codes FROM inventory_core.finish_run('stories', run, status, expected, accept_shrink => accept_shrink) AS f;
    RETURN codes;
END
$$;
CREATE FUNCTION pg_temp.hash(story integer) RETURNS text LANGUAGE sql AS
    $$SELECT inventory_core.selection_hash(jsonb_build_object('story', story))$$;
CREATE FUNCTION pg_temp.missing(story integer, baseline text)
RETURNS TABLE (item text, missed_runs integer, since timestamptz, baseline_run text, confidence text, reasons text[]) LANGUAGE sql AS $$
    SELECT policy_type || '/' || external_id, missed_runs, missing_since, regress.label('stories', baseline_run_id), confidence, reasons
    FROM inventory_core.missing_items('stories', pg_temp.hash(story), baseline)
$$;
CREATE FUNCTION pg_temp.changes(story integer) RETURNS TABLE (run text, changes text[]) LANGUAGE sql AS $$
    SELECT r.correlation_id, ARRAY(SELECT c.change || ' ' || c.external_id FROM inventory_core.run_changes('stories', r.run_id) AS c)
    FROM inventory_core.inventory_sync_runs('stories') AS r WHERE r.selection_hash = pg_temp.hash(story) ORDER BY r.run_seq
$$;
CREATE FUNCTION pg_temp.series(kind text, first integer, last integer) RETURNS text[] LANGUAGE sql AS
    $$SELECT array_agg(kind || '/' || n) FROM generate_series(first, last) AS n$$;

-- 1. Ten nights of 401 are no miss: one clean run lacks the item, so it is missing once, since then.
SELECT pg_temp.run(1, 0, '{vm/a,vm/b}');
SELECT DISTINCT pg_temp.run(1, night, '{}', 'failed', '{""}') FROM generate_series(1, 10) AS night;
SELECT pg_temp.run(1, 11, '{vm/a}');
SELECT * FROM pg_temp.missing(1, 'latest_clean');
SELECT item, missed_runs, since FROM pg_temp.missing(1, 'latest');
SELECT forget_missing('stories', pg_temp.hash(1), 3, '0'), forget_missing('stories', pg_temp.hash(1), 1, '7 days'), forget_missing('stories', pg_temp.hash(1), 1, '0');

-- 2. A bad run in between: the clean run after it tells that c is missing, once; what was never missed does not reappear.
SELECT pg_temp.run(2, 0, '{vm/a,vm/b,vm/c}'), pg_temp.run(2, 1, '{vm/a}', 'partial'), pg_temp.run(2, 2, '{}', 'failed'),
       pg_temp.run(2, 3, '{vm/a,vm/b}'), pg_temp.run(2, 4, '{vm/a,vm/b}');
SELECT * FROM pg_temp.changes(2);
SELECT policy_type, missing, newly_missing FROM missing_summary('stories', pg_temp.hash(2), 'latest_clean');
SELECT pg_temp.run(2, 5, '{vm/a,vm/b}'), pg_temp.run(2, 6, '{vm/c}', 'failed');
SELECT * FROM pg_temp.changes(2) OFFSET 5;

-- 3. Disks are forbidden in every run, for ever. A vm goes, and that is sure; the disks stay unsure.
SELECT pg_temp.run(3, 0, '{vm/a,vm/b,disk/d}');
SELECT DISTINCT pg_temp.run(3, n, '{vm/a}', 'partial', '{disk}') FROM generate_series(1, 3) AS n;
SELECT * FROM pg_temp.missing(3, 'latest_clean');
SELECT * FROM pg_temp.missing(3, 'latest');
SELECT policy_type, known, missing, error_codes, confidence, reasons, regress.label('stories', baseline_run_id) AS baseline, baseline_at
FROM missing_summary('stories', pg_temp.hash(3)) UNION ALL
SELECT policy_type, known, missing, error_codes, confidence, reasons, regress.label('stories', baseline_run_id), baseline_at
FROM missing_summary('stories', pg_temp.hash(3), 'latest_clean');
SELECT forget_missing('stories', pg_temp.hash(3), 3, '2 hours', dry_run => false);
SELECT run_seq, status, verdict FROM explain_missing('stories', pg_temp.hash(3), 'disk', '3d');

-- 4. A run lists 100 vms and none of 40 disks, without an error. The guard holds for the disks alone; a second such run, or
-- accept_shrink, is believed.
SELECT pg_temp.run(4, 0, pg_temp.series('vm', 1, 100) || pg_temp.series('disk', 1, 40));
SELECT pg_temp.run(4, 1, pg_temp.series('vm', 1, 99));
SELECT policy_type, missing, confidence, reasons FROM missing_summary('stories', pg_temp.hash(4));
SELECT item, confidence FROM pg_temp.missing(4, 'latest_clean');
SELECT e.error_code, e.policy_type FROM inventory_sync_errors('stories') AS e WHERE regress.label('stories', run_id) = 'hour 1' AND error_code = 'shrink_guard';
BEGIN;
SELECT pg_temp.run(4, 2, pg_temp.series('vm', 1, 99), accept_shrink => true);
SELECT confidence, count(*) FROM pg_temp.missing(4, 'latest_clean') GROUP BY 1;
ROLLBACK;
SELECT pg_temp.run(4, 2, pg_temp.series('vm', 1, 99));
SELECT confidence, missing_items, confirmed_missing FROM selection_status('stories', pg_temp.hash(4));
SELECT run_seq, policy_type, observed FROM type_counts('stories', pg_temp.hash(4));
SELECT run_seq, policy_type, observed FROM type_counts('stories', pg_temp.hash(4), '2026-01-01 02:00:00+00');

-- 5. Ten known, an empty list with status 200: never believed, however often, unless none was expected.
SELECT pg_temp.run(5, 0, pg_temp.series('vm', 1, 10));
SELECT pg_temp.run(5, 1, '{}'), pg_temp.run(5, 2, '{}', accept_shrink => true), pg_temp.run(5, 3, '{}');
SELECT missing_items, confirmed_missing, confidence, reasons FROM selection_status('stories', pg_temp.hash(5));
SELECT forget_missing('stories', pg_temp.hash(5), 1, '0');
SELECT pg_temp.run(5, 4, '{}', expected => 0), pg_temp.run(5, 5, '{}');
SELECT missing_items, confirmed_missing, confidence, reasons FROM selection_status('stories', pg_temp.hash(5));

-- 6. 400 known, 50 listed, and the service gives the size of the page as its total: that excuses nothing.
SELECT pg_temp.run(6, 0, pg_temp.series('vm', 1, 400)), pg_temp.run(6, 1, pg_temp.series('vm', 1, 50), expected => 50);
SELECT missing_items, confirmed_missing, confidence, reasons FROM selection_status('stories', pg_temp.hash(6));
SELECT pg_temp.run(6, 2, pg_temp.series('vm', 1, 20), expected => 20, accept_shrink => true);
SELECT missing_items, confirmed_missing, confidence FROM selection_status('stories', pg_temp.hash(6));

-- 7. The list changes while it is read: 998 seen of 1,000 told is clean within the tolerance.
RESET SESSION AUTHORIZATION;
SET inventory_core.expected_tolerance = 0.002;
SELECT pg_temp.run(7, 0, pg_temp.series('vm', 1, 998), expected => 1000), pg_temp.run(7, 1, pg_temp.series('vm', 1, 997), expected => 1000);
SET inventory_core.expected_tolerance = 1.5;
RESET inventory_core.expected_tolerance;
SELECT pg_temp.run(7, 2, pg_temp.series('vm', 1, 998), expected => 1000);
SET SESSION AUTHORIZATION regress_maintainer;

-- 8. Disks are left out on purpose: they are judged by the last run that covered them.
SELECT pg_temp.run(8, 0, '{vm/a,disk/d,disk/e}'), pg_temp.run(8, 1, '{vm/a,disk/d}'), pg_temp.run(8, 2, '{vm/b}', types => '{vm,vm}');
SELECT * FROM pg_temp.missing(8, 'latest');
SELECT run_seq, verdict FROM explain_missing('stories', pg_temp.hash(8), 'disk', '8e');
SELECT run_seq, mode, policy_types FROM inventory_sync_runs('stories') WHERE selection_hash = pg_temp.hash(8) ORDER BY run_seq;
SELECT status, reason FROM start_run('stories', '{"story": 8}', min_age => '2 hours', policy_types => '{vm}');
SELECT status FROM start_run('stories', '{"story": 8}', min_age => '30 minutes');

-- 9. A device moves from one selection to another, another one goes.
SELECT pg_temp.run(90, 0, '{vm/moves,vm/goes,vm/stays}'), pg_temp.run(90, 1, '{vm/stays}'), pg_temp.run(91, 2, '{vm/moves}');
SELECT item, confidence, reasons FROM pg_temp.missing(90, 'latest_clean');
SELECT forget_missing('stories', pg_temp.hash(90), 1, '0');
-- Once the other selection misses it too, it is gone.
SELECT pg_temp.run(91, 3, '{}', expected => 0);
SELECT item, confidence, reasons FROM pg_temp.missing(90, 'latest_clean');

-- 14. A typo in a selection is an error, not "nothing is missing".
\set VERBOSITY default
SELECT count(*) FROM missing_items('stories', selection_hash('{"storey": 1}'));
\set VERBOSITY sqlstate
SELECT count(*) FROM missing_summary('stories', selection_hash('{"storey": 1}'), 'latest_clean');
SELECT count(*) FROM explain_missing('stories', selection_hash('{"storey": 1}'), 'vm', 'a');
SELECT count(*) FROM type_counts('stories', selection_hash('{"storey": 1}'));
SELECT forget_missing('stories', selection_hash('{"storey": 1}'), 1, '0');
SELECT known_items, confidence FROM selection_status('stories', selection_hash('{"storey": 1}'));

-- 15. A code of the API, or a status given as the code: the status says what it was, and the code is kept.
SELECT run_id FROM start_run('stories', '{"story": 15}') \gset
SELECT record_error('stories', :'run_id', 'rate_limited', http_status => 429), record_error('stories', :'run_id', '503'),
       record_error('stories', :'run_id', 'E_VENDOR'), record_error('stories', :'run_id', 'timeout', http_status => 500) \gset
SELECT error_no, error_code, upstream_code, http_status FROM inventory_sync_errors('stories') WHERE run_id = :'run_id' ORDER BY error_no;

-- 16. A start that was skipped, and the caller goes on.
\set VERBOSITY default
SELECT upsert_items('stories', (SELECT s.run_id FROM start_run('stories', '{"story": 15}') AS s), '[]');
\set VERBOSITY sqlstate
SELECT heartbeat('stories', NULL);
SELECT finish_run('stories', NULL);

-- Arguments.
\set VERBOSITY default
SELECT start_run('stories', '{"story": 20}', policy_types => '{}');
SELECT start_run('stories', '{"story": 20}', policy_types => '{vm,NULL}');
SELECT start_run('stories', '{"story": 20}', policy_types => ARRAY['']);
SELECT start_run('stories', '{"story": 20}', policy_types => ARRAY[repeat('t', 201)]);
SELECT start_run('stories', '{"story": 20}', mode => 'incremental');
SELECT start_run('stories', '{"story": 20}', mode => 'delta', policy_types => '{vm}');
SELECT start_run('stories', '{"story": 20}', mode => 'delta');
\set VERBOSITY sqlstate
SELECT start_run('stories', '{"story": 20}', mode => NULL);
SELECT finish_run('stories', :'run_id', cursor => repeat('c', 8193));
SELECT finish_run('stories', :'run_id', accept_shrink => NULL);

-- A cursor moves with clean runs alone, and a delta covers nothing.
SELECT run_id, cursor FROM start_run('stories', '{"story": 21}') \gset
SELECT upsert_items('stories', :'run_id', '[{"policy_type": "vm", "external_id": "a"}, {"policy_type": "vm", "external_id": "b"}]') \gset
SELECT status FROM finish_run('stories', :'run_id', cursor => 'token 1');
SELECT run_id, status, cursor FROM start_run('stories', '{"story": 21}', mode => 'delta') \gset delta_
SELECT :'delta_status', :'delta_cursor';
SELECT upsert_items('stories', :'delta_run_id', '[{"policy_type": "vm", "external_id": "c"}]') \gset
SELECT status, mode FROM finish_run('stories', :'delta_run_id', 'partial', cursor => 'token 2');
SELECT known_items, missing_items, latest_status, confidence, cursor FROM selection_status('stories', pg_temp.hash(21));
SELECT run_seq, verdict FROM explain_missing('stories', pg_temp.hash(21), 'vm', 'a');
SELECT run_id FROM start_run('stories', '{"story": 21}', mode => 'delta') \gset
SELECT status FROM finish_run('stories', :'run_id', cursor => '');
SELECT cursor IS NULL AS is_dropped FROM selection_status('stories', pg_temp.hash(21));
SELECT run_id FROM start_run('stories', '{"story": 21}', policy_types => '{vm}') \gset
SELECT finish_run('stories', :'run_id', cursor => 'token 3');
SELECT status FROM finish_run('stories', :'run_id', 'failed', cursor => '');

-- 12. end_cooldown is for a maintainer; 403 is waited for where the API says how long.
SELECT run_id FROM start_run('stories', '{"story": 12}', scope => 'api') \gset
SELECT record_throttle('stories', :'run_id', 403, '60', scope => 'api') >= interval '60 s' AS waits;
SELECT record_throttle('stories', :'run_id', 403, scope => 'other') IS NULL AS is_final;
SELECT cooling_down('stories', 'api') >= interval '59 s' AS cools, end_cooldown('stories', 'api');
SELECT cooling_down('stories', 'api'), end_cooldown('stories', 'api');
SELECT end_cooldown('stories', NULL);
SELECT retry_delay(0, 429, '1767225690', now => '2026-01-01 00:00:00+00') BETWEEN '90 s' AND '91 s' AS epoch_is_an_instant;
RESET SESSION AUTHORIZATION;
SELECT inventory_core.grant_access('regress_writer', 'stories', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SELECT inventory_core.end_cooldown('stories', 'api');
SET SESSION AUTHORIZATION regress_stranger;
SELECT inventory_core.type_counts('stories', repeat('a', 64));
SELECT inventory_core.end_cooldown('stories', 'api');
