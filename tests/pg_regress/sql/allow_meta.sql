-- allow_meta, disallow_meta: nothing of meta is stored until the owner of the extension names its key.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_maintainer', 'allow_meta', 'maintainer') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SELECT run_id AS run FROM inventory_core.start_run('allow_meta', '{}') \gset
\set items '[{"policy_type": "am vm", "external_id": "1", "meta": {"size": 4, "tag": "x", "Size": 5, "secret": {"size": 6}}}, {"policy_type": "am disk", "external_id": "1", "meta": {"size": 4, "tag": "x"}}]'

SELECT inserted, updated, dropped_meta_keys FROM inventory_core.upsert_items('allow_meta', :'run', :'items');
SELECT policy_type, meta FROM inventory_core.inventory_items('allow_meta') ORDER BY policy_type;

-- A key of one type, and a key of every type.
SET SESSION AUTHORIZATION DEFAULT;
SELECT inventory_core.allow_meta('am vm', 'size', 'none') \gset
SELECT inventory_core.allow_meta('*', 'tag') \gset
SELECT inventory_core.allow_meta('*', 'tag') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SELECT inserted, updated, dropped_meta_keys FROM inventory_core.upsert_items('allow_meta', :'run', :'items');
SELECT policy_type, meta FROM inventory_core.inventory_items('allow_meta') ORDER BY policy_type;

-- What is no longer allowed goes when the item is next given with meta.
SET SESSION AUTHORIZATION DEFAULT;
SELECT inventory_core.disallow_meta('am vm', 'size') \gset
SELECT inventory_core.disallow_meta('am vm', 'tag') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SELECT updated FROM inventory_core.upsert_items('allow_meta', :'run', '[{"policy_type": "am vm", "external_id": "1"}]');
SELECT policy_type, meta FROM inventory_core.inventory_items('allow_meta') ORDER BY policy_type;
SELECT updated FROM inventory_core.upsert_items('allow_meta', :'run', :'items');
SELECT policy_type, meta FROM inventory_core.inventory_items('allow_meta') ORDER BY policy_type;

-- For the owner alone; everybody with access may read the list.
SELECT inventory_core.allow_meta('am vm', 'size');
SELECT inventory_core.disallow_meta('*', 'tag');
INSERT INTO inventory_core_internal.meta_whitelist VALUES ('am vm', 'size');
DELETE FROM inventory_core_internal.meta_whitelist;
SELECT policy_type, key FROM inventory_core_internal.meta_whitelist WHERE policy_type ~ '^am |^\*$' ORDER BY policy_type, key;

SET SESSION AUTHORIZATION DEFAULT;
SELECT inventory_core.allow_meta(NULL, 'size');
SELECT inventory_core.allow_meta('am vm', NULL);
SELECT inventory_core.allow_meta('am vm', VARIADIC NULL);
SELECT inventory_core.allow_meta('', 'size');
SELECT inventory_core.allow_meta(repeat('x', 201), 'size');
SELECT inventory_core.disallow_meta(NULL, 'size');
SELECT inventory_core.disallow_meta('am vm', NULL);
SELECT inventory_core.disallow_meta('am vm', 'none') \gset
SELECT inventory_core.disallow_meta('*', 'tag') \gset
-- Keys that cannot be stored; how the list is nested does not matter.
SELECT inventory_core.allow_meta('am keys', repeat('k', 2001));
SELECT inventory_core.allow_meta('am keys', 'a', NULL);
SELECT inventory_core.allow_meta('am keys', repeat('k', 2000)) \gset
SELECT inventory_core.allow_meta('am keys', VARIADIC ARRAY[['a', 'b'], ['c', 'd']]) \gset
SELECT left(key, 3) AS key FROM inventory_core_internal.meta_whitelist WHERE policy_type = 'am keys' ORDER BY key;
