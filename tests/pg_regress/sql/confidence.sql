-- confidence and reasons: how far the baseline can be believed, each reason by itself and in their fixed order.
SELECT inventory_core.grant_access('regress_writer', 'confidence', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;

CREATE FUNCTION pg_temp.answer(selection jsonb) RETURNS TABLE (baseline text, status text, missing bigint, confidence text, reasons text[]) LANGUAGE sql AS $$
    SELECT 'latest', s.latest_status, s.missing_items, s.confidence, s.reasons FROM inventory_core.selection_status('confidence', inventory_core.selection_hash(selection)) AS s
    UNION ALL
    SELECT 'latest_clean', 'success', count(*), min(m.confidence), min(m.reasons) FROM inventory_core.missing_items('confidence', inventory_core.selection_hash(selection), 'latest_clean') AS m
$$;

-- Each selection: a clean run that saw two items, and one that saw the first of them only.
SELECT regress.sync('1', 'confidence', '{"s": "clean"}', '{vm/1,vm/2}') \gset
SELECT regress.sync('2', 'confidence', '{"s": "clean"}', '{vm/1}') \gset
SELECT * FROM pg_temp.answer('{"s": "clean"}');
SELECT regress.sync('1', 'confidence', '{"s": "partial"}', '{vm/1,vm/2}') \gset
SELECT regress.sync('2', 'confidence', '{"s": "partial"}', '{vm/1}', 'partial') \gset
SELECT * FROM pg_temp.answer('{"s": "partial"}');
SELECT regress.sync('1', 'confidence', '{"s": "failed"}', '{vm/1,vm/2}') \gset
SELECT regress.sync('2', 'confidence', '{"s": "failed"}', '{vm/1}', 'failed') \gset
SELECT * FROM pg_temp.answer('{"s": "failed"}');

-- A failed run that observed nothing: everything known is missing. So it is after a success that observed nothing, which is not believed either.
SELECT regress.sync('1', 'confidence', '{"s": "dead"}', '{vm/1,vm/2}') \gset
SELECT regress.sync('2', 'confidence', '{"s": "dead"}', '{}', 'failed') \gset
SELECT * FROM pg_temp.answer('{"s": "dead"}');
SELECT regress.sync('1', 'confidence', '{"s": "empty"}', '{vm/1,vm/2}') \gset
SELECT regress.sync('2', 'confidence', '{"s": "empty"}', '{}') \gset
SELECT * FROM pg_temp.answer('{"s": "empty"}');

-- A success with an error of one type: type_failed is on the items of that type alone, the rest applies to all.
SELECT regress.sync('1', 'confidence', '{"s": "type"}', '{vm/1,vm/2,disk/1,disk/2}') \gset
SELECT regress.sync('2', 'confidence', '{"s": "type"}', '{vm/1,disk/1}', NULL) AS run \gset
SELECT record_error('confidence', :'run', 'timeout', policy_type => 'disk') \gset
SELECT status, had_errors FROM finish_run('confidence', :'run');
SELECT * FROM pg_temp.answer('{"s": "type"}');
SELECT policy_type, external_id, confidence, reasons FROM missing_items('confidence', selection_hash('{"s": "type"}'));
SELECT policy_type, missing, error_codes, confidence, reasons FROM missing_summary('confidence', selection_hash('{"s": "type"}'));

-- An error without a type concerns every type, and no type_failed says so.
SELECT regress.sync('3', 'confidence', '{"s": "type"}', '{vm/1,disk/1}', NULL) AS run \gset
SELECT record_error('confidence', :'run', 'throttled') \gset
SELECT status, had_errors FROM finish_run('confidence', :'run');
SELECT policy_type, external_id, confidence, reasons FROM missing_items('confidence', selection_hash('{"s": "type"}'));
SELECT policy_type, missing, error_codes, confidence, reasons FROM missing_summary('confidence', selection_hash('{"s": "type"}'));

-- Everything at once.
SELECT regress.sync('1', 'confidence', '{"s": "all"}', (SELECT array_agg('vm/' || n) FROM generate_series(1, 40) AS n)) \gset
SELECT regress.sync('2', 'confidence', '{"s": "all"}', '{}', NULL) AS run \gset
SELECT record_error('confidence', :'run', 'lease_expired', policy_type => 'vm') \gset
SELECT status, error_codes FROM finish_run('confidence', :'run', 'partial', 40);
SELECT * FROM pg_temp.answer('{"s": "all"}');
SELECT DISTINCT confidence, reasons FROM missing_items('confidence', selection_hash('{"s": "all"}'));
