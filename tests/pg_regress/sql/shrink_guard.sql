-- shrink_guard: a run that observed less than half of the reference run does not vouch; a second run of that size does.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'shrink_guard', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
CREATE FUNCTION pg_temp.sync(selection jsonb, items integer, finish_as text DEFAULT 'success', expected bigint DEFAULT NULL, error text DEFAULT NULL)
RETURNS TABLE (status text, observed bigint, error_codes text[]) LANGUAGE plpgsql AS $$
DECLARE
    run uuid := (SELECT run_id FROM inventory_core.start_run('shrink_guard', selection));
BEGIN
    PERFORM inventory_core.upsert_items('shrink_guard', run,
        (SELECT coalesce(json_agg(json_build_object('policy_type', 'd', 'external_id', n::text)), '[]') FROM generate_series(1, items) AS n));
    IF error IS NOT NULL THEN
        PERFORM inventory_core.record_error('shrink_guard', run, error);
    END IF;
    RETURN QUERY SELECT f.status, f.observed_count, f.error_codes FROM inventory_core.finish_run('shrink_guard', run, finish_as, expected) AS f;
END
$$;

-- 40 items are the reference. 20 are half of it, which is not less than half; 19 are.
SELECT * FROM pg_temp.sync('{"s": 1}', 40);
SELECT * FROM pg_temp.sync('{"s": 1}', 20);
SELECT * FROM pg_temp.sync('{"s": 2}', 40);
SELECT * FROM pg_temp.sync('{"s": 2}', 19);
SELECT latest_status, observed_items, missing_items, confirmed_missing, confidence, reasons FROM selection_status('shrink_guard', selection_hash('{"s": 2}'));
-- The second run of that size confirms it, and the answer is clean.
SELECT * FROM pg_temp.sync('{"s": 2}', 19);
SELECT latest_status, observed_items, missing_items, confirmed_missing, confidence, reasons FROM selection_status('shrink_guard', selection_hash('{"s": 2}'));

-- A run with another error is no reference, nor is one that is no success: 19 are still judged by 40.
SELECT * FROM pg_temp.sync('{"s": 3}', 40);
SELECT * FROM pg_temp.sync('{"s": 3}', 30, error => 'timeout');
SELECT * FROM pg_temp.sync('{"s": 3}', 30, 'partial');
SELECT * FROM pg_temp.sync('{"s": 3}', 30, 'failed');
SELECT * FROM pg_temp.sync('{"s": 3}', 19);
-- A partial run is judged where an error says which type is not whole: then it can vouch for the others. A failed one is not.
SELECT * FROM pg_temp.sync('{"s": 4}', 40);
SELECT * FROM pg_temp.sync('{"s": 4}', 3, 'partial');
SELECT * FROM pg_temp.sync('{"s": 4}', 0, 'failed');

-- The number that was expected excuses nothing.
SELECT * FROM pg_temp.sync('{"s": 5}', 40);
SELECT * FROM pg_temp.sync('{"s": 5}', 3, expected => 3);
SELECT * FROM pg_temp.sync('{"s": 6}', 40);
SELECT * FROM pg_temp.sync('{"s": 6}', 3, expected => 4);

-- What has less than 20 items may shrink at will, though not to nothing; a first run is judged by none.
SELECT * FROM pg_temp.sync('{"s": 7}', 19);
SELECT * FROM pg_temp.sync('{"s": 7}', 0);
SELECT * FROM pg_temp.sync('{"s": 8}', 20);
SELECT * FROM pg_temp.sync('{"s": 8}', 0);

-- The two settings are not for a plain role; 0 turns the guard off.
SET inventory_core.shrink_guard = 0;
SET inventory_core.shrink_guard_min_items = 1;
SET SESSION AUTHORIZATION DEFAULT;
SET inventory_core.shrink_guard = 0;
SELECT * FROM pg_temp.sync('{"s": 9}', 40);
SELECT * FROM pg_temp.sync('{"s": 9}', 0);
SET inventory_core.shrink_guard = 1;
SET inventory_core.shrink_guard_min_items = 3;
SELECT * FROM pg_temp.sync('{"s": 10}', 3);
SELECT * FROM pg_temp.sync('{"s": 10}', 2);
