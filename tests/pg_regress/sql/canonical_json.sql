-- canonical_json: one text for all spellings of a value, and a clean refusal of what has no such text.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET SESSION AUTHORIZATION regress_stranger;

-- Every row of the golden file: its canonical text, and canonical of canonical is itself.
\set golden `cat "$PG_ABS_SRCDIR/../golden/selection_hashes.json"`
SELECT count(*) > 15 AS enough,
       bool_and(inventory_core.canonical_json(selection::jsonb) = canonical) AS as_frozen,
       bool_and(inventory_core.canonical_json(canonical::jsonb) = canonical) AS fixed_point
FROM json_to_recordset(:'golden') AS g (selection text, canonical text);

-- Keys by UTF-16 code units (U+1F600 is a pair that begins with D83D, so before U+FB33), arrays sorted at every depth,
-- duplicates kept, escapes and blanks gone.
SELECT inventory_core.canonical_json(v::jsonb)
FROM (VALUES (1, '{"b": 1, "a": [3, 1, 2, 1]}'),
             (2, '{"\ufb33": 1, "\ud83d\ude00": 2, "z": 3}'),
             (3, '[[2, [9, 8]], [1], {"b": [2, 1]}, "x", null, true, false]'),
             (4, '[1.0, 1e2, 0.1e1, -0, 1e21, 1e-7]'),
             (5, '"\u0041\/\n"'),
             (6, '[]'), (7, '{}'), (8, 'null')) AS t (n, v)
ORDER BY n;

SELECT inventory_core.canonical_json(NULL) IS NULL AS of_null;

-- Numbers that would not come back as themselves: each is named.
SELECT inventory_core.canonical_json('{"top": 9007199254740993}');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory_core.canonical_json('[1, {"a": [0.1234567890123456789]}]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory_core.canonical_json('[1e400]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory_core.canonical_json('[1e-400]');
\echo :LAST_ERROR_SQLSTATE
SELECT inventory_core.canonical_json('[9007199254740992, -9007199254740992, 0.1, 100000000000000000000]');

-- Depth: 128 levels are fine, one more is a clean error, in arrays and in objects.
SELECT length(inventory_core.canonical_json((repeat('[', 128) || repeat(']', 128))::jsonb)) AS length;
SELECT length(inventory_core.canonical_json((repeat('{"a":', 127) || '{}' || repeat('}', 127))::jsonb)) AS length;
SELECT inventory_core.canonical_json((repeat('[', 129) || repeat(']', 129))::jsonb);
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
SELECT inventory_core.canonical_json((repeat('{"a":', 128) || '{}' || repeat('}', 128))::jsonb);

-- As deep as jsonb itself goes, and deeper: always 54001, and the server lives.
DO $$
DECLARE
    depth integer;
BEGIN
    FOR depth IN SELECT generate_series(200, 40000, 1990) LOOP
        BEGIN
            PERFORM inventory_core.canonical_json((repeat('[', depth) || repeat(']', depth))::jsonb);
            RAISE 'no error at %', depth;
        EXCEPTION WHEN statement_too_complex THEN
            NULL;
        END;
    END LOOP;
END
$$;
SELECT 'alive' AS server;
-- Length: 1 MiB as jsonb shows it, the quotes included. What is longer is refused before it is looked at.
SELECT length(inventory_core.canonical_json(to_jsonb(repeat('x', 1048574)))) AS length;
SELECT inventory_core.canonical_json(to_jsonb(repeat('x', 1048575)));
RESET SESSION AUTHORIZATION;
\set VERBOSITY default
SELECT inventory_core_internal._selection_hash(repeat('[', 96000000));
\echo :LAST_ERROR_SQLSTATE
-- 100,000 elements, whatever their order, are no matter.
SELECT inventory_core.selection_hash(jsonb_agg(n ORDER BY n)) = inventory_core.selection_hash(jsonb_agg(n ORDER BY n DESC)) AS same
FROM generate_series(1, 100000) AS n;
