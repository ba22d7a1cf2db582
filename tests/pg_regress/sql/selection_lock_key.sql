-- selection_lock_key: the public key of the advisory lock, frozen for ever.
\set VERBOSITY sqlstate
SET SESSION AUTHORIZATION regress_stranger;

\set golden `cat "$PG_ABS_SRCDIR/../golden/lock_keys.json"`
SELECT count(*) > 5 AS enough, bool_and(inventory_core.selection_lock_key(tenant, selection_hash) = key) AS as_frozen
FROM json_to_recordset(:'golden') AS g (tenant text, selection_hash text, key bigint);

-- The border between the two texts is part of the key.
SELECT inventory_core.selection_lock_key('ab', 'c') = inventory_core.selection_lock_key('a', 'bc') AS shifted;
SELECT inventory_core.selection_lock_key(NULL, '') IS NULL AND inventory_core.selection_lock_key('', NULL) IS NULL AS of_null;

-- try_lock_selection: the same key, tried until the transaction ends; for writers, because it keeps starts away.
SET SESSION AUTHORIZATION DEFAULT;
SELECT inventory_core.grant_access('regress_reader', 'lock', 'reader') \gset
SELECT inventory_core.grant_access('regress_writer', 'lock', 'writer') \gset
SELECT inventory_core.grant_access('regress_writer', 'lock read', 'reader') \gset
SET SESSION AUTHORIZATION regress_reader;
SELECT inventory_core.try_lock_selection('lock', inventory_core.selection_hash('{}'));
SET SESSION AUTHORIZATION regress_writer;
SELECT inventory_core.try_lock_selection('lock read', inventory_core.selection_hash('{}'));
BEGIN;
SELECT inventory_core.try_lock_selection('lock', inventory_core.selection_hash('{}'));
SELECT inventory_core.try_lock_selection('lock', inventory_core.selection_hash('{}')) AS again;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
    AND (classid::bigint << 32 | objid::bigint) = inventory_core.selection_lock_key('lock', inventory_core.selection_hash('{}'));
COMMIT;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SELECT inventory_core.try_lock_selection('lock', 'no hash');
SELECT inventory_core.try_lock_selection('lock', NULL);
SELECT inventory_core.try_lock_selection('not granted', inventory_core.selection_hash('{}'));
