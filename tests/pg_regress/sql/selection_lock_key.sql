-- selection_lock_key: the public key of the advisory lock, frozen for ever.
\set VERBOSITY sqlstate
SET SESSION AUTHORIZATION regress_stranger;

\set golden `cat "$PG_ABS_SRCDIR/../golden/lock_keys.json"`
SELECT count(*) > 5 AS enough, bool_and(inventory_core.selection_lock_key(tenant, selection_hash) = key) AS as_frozen
FROM json_to_recordset(:'golden') AS g (tenant text, selection_hash text, key bigint);

-- The border between the two texts is part of the key.
SELECT inventory_core.selection_lock_key('ab', 'c') = inventory_core.selection_lock_key('a', 'bc') AS shifted;
SELECT inventory_core.selection_lock_key(NULL, '') IS NULL AND inventory_core.selection_lock_key('', NULL) IS NULL AS of_null;
