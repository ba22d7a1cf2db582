-- filter_meta: the allowed top-level keys; it never fails, and what is no object gives {}.
SET SESSION AUTHORIZATION regress_stranger;

SELECT inventory_core.filter_meta('{"a": 1, "b": {"a": 2, "c": 3}, "A": 4}', '{a,b}') AS top_level_only;
SELECT inventory_core.filter_meta('{"a": null}', '{a}') AS null_value;
SELECT inventory_core.filter_meta('{"": 1, " ": 2}', ARRAY['']) AS empty_key;
SELECT inventory_core.filter_meta('{"a": 1}', '{}') AS nothing_allowed,
       inventory_core.filter_meta('{"a": 1}', NULL) AS allowed_null,
       inventory_core.filter_meta('{"a": 1, "b": 2}', ARRAY['b', NULL]) AS null_element,
       inventory_core.filter_meta('{"a": 1, "b": 2}', '{{a},{b}}') AS nested_array;
SELECT v AS given, inventory_core.filter_meta(v::jsonb, '{a}')
FROM (VALUES (1, NULL), (2, 'null'), (3, '[{"a": 1}]'), (4, '"a"'), (5, '1'), (6, 'true'), (7, '{}')) AS t (n, v)
ORDER BY n;
-- Values are not looked at: numbers and depth that canonical_json refuses pass through.
SELECT inventory_core.filter_meta('{"n": 9007199254740993, "x": 1}', '{n}') AS big_number;
SELECT length(inventory_core.filter_meta(('{"d": ' || repeat('[', 1500) || repeat(']', 1500) || '}')::jsonb, '{d}')::text) AS deep;
-- Keys times allowed keys would take minutes.
SET statement_timeout = '30s';
SELECT inventory_core.filter_meta(jsonb_object_agg('k' || n, n), array_agg('k' || 2 * n)) ? 'k100000' AS many_of_many
FROM generate_series(1, 100000) AS n;
