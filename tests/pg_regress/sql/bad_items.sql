-- Bad items in a batch, under both modes of on_bad_item: the error names position and field, or the good ones are stored and
-- the bad ones counted. Nothing of a rejected batch stays.
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT inventory_core.grant_access('regress_writer', 'bad_items', 'writer') \gset
SELECT inventory_core.allow_meta('bi', 'a', 'b') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;
SELECT run_id AS run FROM start_run('bad_items', '{}') \gset

CREATE TEMP TABLE bad (n integer, name text, item text);
INSERT INTO bad VALUES
    (1, 'missing external_id', '{"policy_type": "bi"}'),
    (2, 'missing policy_type', '{"external_id": "x"}'),
    (3, 'empty external_id', '{"policy_type": "bi", "external_id": ""}'),
    (4, 'empty policy_type', '{"policy_type": "", "external_id": "x"}'),
    (5, 'external_id null', '{"policy_type": "bi", "external_id": null}'),
    (6, 'external_id a number', '{"policy_type": "bi", "external_id": 7}'),
    (7, 'policy_type an object', '{"policy_type": {}, "external_id": "x"}'),
    (8, 'display_name a number', '{"policy_type": "bi", "external_id": "x", "display_name": 1}'),
    (9, 'meta an array', '{"policy_type": "bi", "external_id": "x", "meta": []}'),
    (10, 'meta a string', '{"policy_type": "bi", "external_id": "x", "meta": "{}"}'),
    (11, 'unknown field', '{"policy_type": "bi", "external_id": "x", "metta": {}}'),
    (12, 'field in other case', '{"policy_type": "bi", "external_id": "x", "Meta": {}}'),
    (13, 'NUL in external_id', '{"policy_type": "bi", "external_id": "x\u0000y"}'),
    (14, 'NUL in policy_type', '{"policy_type": "\u0000", "external_id": "x"}'),
    (15, 'NUL in display_name', '{"policy_type": "bi", "external_id": "x", "display_name": "\u0000"}'),
    (16, 'NUL in meta', '{"policy_type": "bi", "external_id": "x", "meta": {"a": "\u0000"}}'),
    (17, 'NUL deep in meta', '{"policy_type": "bi", "external_id": "x", "meta": {"a": [{"k": "\u0000"}]}}'),
    (18, 'NUL in a key deep in meta', '{"policy_type": "bi", "external_id": "x", "meta": {"a": {"\u0000": 1}}}'),
    (19, 'lone surrogate in external_id', '{"policy_type": "bi", "external_id": "\ud800"}'),
    (20, 'lone surrogate in display_name', '{"policy_type": "bi", "external_id": "x", "display_name": "\udc00\ud800"}'),
    (21, 'lone surrogate in meta', '{"policy_type": "bi", "external_id": "x", "meta": {"a": "\ud83d"}}'),
    (22, 'lone surrogate deep in meta', '{"policy_type": "bi", "external_id": "x", "meta": {"a": ["\ud83d x"]}}'),
    (23, 'lone surrogate in a field name', '{"policy_type": "bi", "external_id": "x", "\ud800": 1}'),
    (24, 'number out of range', '{"policy_type": "bi", "external_id": "x", "meta": {"a": 1e131073}}'),
    (25, 'number out of range, deep', '{"policy_type": "bi", "external_id": "x", "meta": {"a": [1e-16384]}}'),
    (26, 'external_id of 2,049 bytes', format('{"policy_type": "bi", "external_id": "%s"}', repeat('x', 2049))),
    (27, 'external_id of 1,025 two-byte characters', format('{"policy_type": "bi", "external_id": "%s"}', repeat('ü', 1025))),
    (28, 'policy_type of 201 bytes', format('{"policy_type": "%s", "external_id": "x"}', repeat('x', 201))),
    (29, 'meta over 64 KiB', format('{"policy_type": "bi", "external_id": "x", "meta": {"a": "%s"}}', repeat('x', 65536))),
    (30, 'nested array', '[{"policy_type": "bi", "external_id": "x"}]'),
    (31, 'null', 'null'),
    (32, 'a string', '"bi"'),
    (33, 'an empty object', '{}');

-- reject_batch: one good item, then the bad one.
CREATE FUNCTION pg_temp.rejected(run uuid, item text, OUT state text, OUT detail text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM inventory_core.upsert_items('bad_items', run, format('[{"policy_type": "bi", "external_id": "good"}, %s]', item)::json);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
END
$$;
SELECT n, name, r.state, r.detail FROM bad, pg_temp.rejected(:'run', item) AS r ORDER BY n;
SELECT count(*) FROM inventory_items('bad_items');
SELECT count(*) FROM inventory_sync_errors('bad_items');
SELECT observed_count FROM inventory_sync_runs('bad_items');

-- record: the good one is stored each time, the bad one counted.
SELECT n, name, u.*
FROM bad, upsert_items('bad_items', :'run', format('[{"policy_type": "bi", "external_id": "good %s"}, %s]', n, item)::json, 'record') AS u
ORDER BY n;
SELECT count(*) FROM inventory_items('bad_items');
SELECT count(*) FROM inventory_items('bad_items') WHERE external_id !~ '^good \d+$';
-- One error a policy type, NULL where it could not be read; the second time adds none.
SELECT error_code, policy_type, count(*) FROM inventory_sync_errors('bad_items') GROUP BY 1, 2 ORDER BY 2;
SELECT rejected FROM upsert_items('bad_items', :'run', (SELECT format('[%s]', string_agg(item, ',')) FROM bad)::json, 'record');
SELECT error_count FROM inventory_sync_runs('bad_items');
SELECT rejected FROM upsert_items('bad_items', :'run', '[{"policy_type": "bi 2"}, {"policy_type": "bi 2"}]', 'record');
SELECT error_code, policy_type, count(*) FROM inventory_sync_errors('bad_items') GROUP BY 1, 2 ORDER BY 2;

-- Once in full.
SELECT * FROM upsert_items('bad_items', :'run', '[{"policy_type": "bi", "external_id": "a"}, {"policy_type": "bi", "external_id": 1}]');
\echo :LAST_ERROR_SQLSTATE

-- What is no array, under both modes.
SELECT * FROM upsert_items('bad_items', :'run', '{"policy_type": "bi", "external_id": "x"}');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
SELECT * FROM upsert_items('bad_items', :'run', '{"policy_type": "bi", "external_id": "x"}', 'record');
SELECT * FROM upsert_items('bad_items', :'run', 'null', 'record');
SELECT * FROM upsert_items('bad_items', :'run', '"[]"');
SELECT * FROM upsert_items('bad_items', :'run', '7');
SELECT * FROM upsert_items('bad_items', :'run', NULL);
SELECT * FROM upsert_items('bad_items', :'run', NULL, 'record');
-- An empty array is a batch without items, and a sign of life.
SELECT * FROM upsert_items('bad_items', :'run', '[]');
SELECT * FROM upsert_items('bad_items', :'run', ' [ ] ', 'record');
-- All bad is not all lost.
SELECT * FROM upsert_items('bad_items', :'run', '[1, 2]', 'record');

-- Too deep: an error of its own, or a bad item like any other. The object that a meta is counts.
SELECT * FROM upsert_items('bad_items', :'run', format('[{"policy_type": "bi", "external_id": "x", "meta": {"a": %s%s}}]', repeat('[', 2000), repeat(']', 2000))::json);
SELECT * FROM upsert_items('bad_items', :'run', format('[{"policy_type": "bi", "external_id": "x", "meta": {"a": %s%s}}]', repeat('[', 128), repeat(']', 128))::json);
SELECT rejected FROM upsert_items('bad_items', :'run', format('[{"policy_type": "bi", "external_id": "x", "meta": {"a": %s%s}}]', repeat('[', 128), repeat(']', 128))::json, 'record');
SELECT inserted FROM upsert_items('bad_items', :'run', format('[{"policy_type": "bi", "external_id": "deep", "meta": {"a": %s%s}}]', repeat('[', 127), repeat(']', 127))::json);
-- What is accepted is stored, secrets or not.
SELECT inserted FROM upsert_items('bad_items', :'run', format('[{"policy_type": "bi", "external_id": "deepest", "meta": {"a": %s"k=v"%s}}]', repeat('[', 127), repeat(']', 127))::json);
SELECT inserted FROM upsert_items('bad_items', :'run', format('[{"policy_type": "bi", "external_id": "deepest secret", "meta": {"a": %s"password=hunter2"%s}}]', repeat('[', 127), repeat(']', 127))::json);
SELECT external_id, meta::text LIKE '%hunter2%' AS leaks FROM inventory_items('bad_items') WHERE external_id LIKE 'deepest%' ORDER BY 1;

-- Many types at once.
SELECT rejected FROM upsert_items('bad_items', :'run', (SELECT json_agg(json_build_object('policy_type', 'bi ' || n)) FROM generate_series(1, 20000) AS n), 'record');
SELECT rejected FROM upsert_items('bad_items', :'run', (SELECT json_agg(json_build_object('policy_type', 'bi ' || n)) FROM generate_series(1, 20001) AS n), 'record');
SELECT count(*), count(DISTINCT policy_type), count(DISTINCT error_no), max(error_no) FROM inventory_sync_errors('bad_items') WHERE policy_type ~ '^bi \d+$';
