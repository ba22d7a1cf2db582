-- selection_hash: sha256 of the canonical text, frozen for ever.
\set VERBOSITY sqlstate
SET SESSION AUTHORIZATION regress_stranger;

\set golden `cat "$PG_ABS_SRCDIR/../golden/selection_hashes.json"`
SELECT count(*) > 15 AS enough,
       bool_and(inventory_core.selection_hash(selection::jsonb) = sha256) AS as_frozen,
       bool_and(inventory_core.selection_hash(selection::jsonb)
                = encode(sha256(convert_to(inventory_core.canonical_json(selection::jsonb), 'UTF8')), 'hex')) AS as_documented
FROM json_to_recordset(:'golden') AS g (selection text, sha256 text);

-- Order and spelling do not matter, duplicates and types do.
SELECT inventory_core.selection_hash('{}') AS of_nothing;
SELECT inventory_core.selection_hash('{"a": [2, 1], "b": 1.0}') = inventory_core.selection_hash('{"b": 1, "a": [1, 2]}') AS same,
       inventory_core.selection_hash('{"a": [1]}') = inventory_core.selection_hash('{"a": [1, 1]}') AS duplicates,
       inventory_core.selection_hash('{"a": 1}') = inventory_core.selection_hash('{"a": "1"}') AS types,
       inventory_core.selection_hash('{"a": null}') = inventory_core.selection_hash('{}') AS null_and_absent;
SELECT inventory_core.selection_hash(NULL) IS NULL AS of_null;

-- 100,000 elements: no timing here, but the answer does not depend on their order.
SELECT inventory_core.selection_hash(jsonb_build_object('ids', jsonb_agg(n ORDER BY n)))
     = inventory_core.selection_hash(jsonb_build_object('ids', jsonb_agg(n ORDER BY n DESC))) AS same
FROM generate_series(1, 100000) AS n;

-- What canonical_json refuses has no hash.
SELECT inventory_core.selection_hash('{"n": 9007199254740993}');
SELECT inventory_core.selection_hash((repeat('[', 129) || repeat(']', 129))::jsonb);
