-- How many rows the planner should expect: no attribute of pgrx says it.
ALTER FUNCTION inventory_core_internal._read_items(json, text[], text[], text) ROWS 1;
ALTER FUNCTION inventory_core_internal._compare_items(bytea, bigint[], bigint[], bigint[], bigint[], bigint[], bigint) ROWS 1;
ALTER FUNCTION inventory_core_internal._batch_sample(bytea, integer) ROWS 80;
ALTER FUNCTION inventory_core_internal._item_texts(json, bytea, text[], text[], integer[]) ROWS 100;
ALTER FUNCTION inventory_core_internal._bitmap_chunks(bigint[]) ROWS 2;

-- What the functions written in Rust are for; their bodies are below src/api.
COMMENT ON FUNCTION inventory_core.set_tenant(text) IS
    'Binds this transaction to a tenant that the caller was granted; one transaction, one tenant';
COMMENT ON FUNCTION inventory_core.clear_tenant() IS 'Ends the binding of this transaction';
COMMENT ON FUNCTION inventory_core_internal._bind_every() IS
    'Lets this transaction list the tenants, for who was granted every one; it can read nothing else, nor write';
COMMENT ON FUNCTION inventory_core.current_tenant() IS 'The tenant that this transaction is bound to, or NULL';
COMMENT ON FUNCTION inventory_core.is_retryable(integer) IS
    'Whether a request that got this HTTP status may succeed when it is sent again';
COMMENT ON FUNCTION inventory_core.error_code_for(integer) IS 'The error code of a run that stands for an HTTP status';
COMMENT ON FUNCTION inventory_core.selection_lock_key(text, text) IS
    'Key of the advisory transaction lock that starters of a selection try, for a caller''s own critical section';
COMMENT ON FUNCTION inventory_core_internal._canonical_json(text) IS 'canonical_json of a JSON text';
COMMENT ON FUNCTION inventory_core_internal._selection_hash(text) IS 'selection_hash of a JSON text';
COMMENT ON FUNCTION inventory_core_internal._readable_tenant() IS 'The bound tenant, for the policies; 55000 where none is bound';
COMMENT ON FUNCTION inventory_core_internal._writable_tenant(text) IS
    'The bound tenant, for the policies; 42501 where it may not be written with that access';
COMMENT ON FUNCTION inventory_core_internal._may_read() IS
    'True, for the views; 55000 where no tenant is bound and the policies hold for the caller';
COMMENT ON FUNCTION inventory_core_internal._fences_plans() IS
    'True, for the policies: asked while a query is planned, so that the library is there to keep plans to one tenant';
COMMENT ON FUNCTION inventory_core_internal._check_tenant(text) IS 'Raises 22023 for what cannot name a tenant';
COMMENT ON FUNCTION inventory_core_internal._read_items(json, text[], text[], text) IS
    'A batch as one opaque value: keys and digests of its items, and where each begins; with what was left out';
COMMENT ON FUNCTION inventory_core_internal._batch_sample(bytea, integer) IS
    'Items of an opaque batch, evenly spread: every so many, and the last one';
COMMENT ON FUNCTION inventory_core_internal._sample_batch(bytea, integer) IS 'The same as a smaller opaque batch';
COMMENT ON FUNCTION inventory_core_internal._compare_items(bytea, bigint[], bigint[], bigint[], bigint[], bigint[], bigint) IS
    'Which items of a batch are new, changed, unchanged, beside stored ones; and which are younger than the run';
COMMENT ON FUNCTION inventory_core_internal._item_texts(json, bytea, text[], text[], integer[]) IS
    'What to store of some items of a batch, by their positions in the value of _read_items';
COMMENT ON FUNCTION inventory_core_internal._name_digest(text) IS 'The name_digest of an item with this display_name';
COMMENT ON FUNCTION inventory_core_internal._meta_digest(text) IS
    'The meta_digest of an item with this meta, given as JSON text in any spelling; secrets do not enter it';
COMMENT ON FUNCTION inventory_core_internal._key_high(text, text) IS 'The key_high of an item with this identity';
COMMENT ON FUNCTION inventory_core_internal._key_low(text, text) IS 'The key_low of an item with this identity';
COMMENT ON FUNCTION inventory_core_internal._bitmap_chunks(bigint[]) IS 'Item ids as bitmaps, one a chunk of 65,536 ids';
COMMENT ON FUNCTION inventory_core_internal._bitmap_union(bytea[]) IS 'Union of bitmaps; NULL is empty';
COMMENT ON FUNCTION inventory_core_internal._bitmap_subtract(bytea, bytea) IS 'What is in the first bitmap only; NULL is empty';
COMMENT ON FUNCTION inventory_core_internal._bitmap_intersect(bytea, bytea) IS 'What is in both bitmaps; NULL is empty';
COMMENT ON FUNCTION inventory_core_internal._bitmap_count(bytea) IS 'How many ids a bitmap holds; NULL is empty';
COMMENT ON FUNCTION inventory_core_internal._bitmap_ids(integer, bytea) IS 'The item ids of a chunk''s bitmap';
COMMENT ON FUNCTION inventory_core_internal._bitmap_contains(bytea, bigint) IS 'Whether the bitmap of an id''s chunk holds it';
COMMENT ON FUNCTION inventory_core_internal._bitmap_positions(bytea[]) IS
    'For each of the 65,536 ids of a chunk the position, from 1, of the first of its bitmaps that holds it';
COMMENT ON FUNCTION inventory_core_internal._bitmap_position(bytea, bigint) IS 'What _bitmap_positions says of an id';
COMMENT ON FUNCTION inventory_core_internal._error_codes() IS 'The error codes of runs';
COMMENT ON FUNCTION inventory_core_internal._retry_delay(integer, integer, text, bigint, bigint, bigint, double precision) IS
    'retry_delay in microseconds, with the random number given';
COMMENT ON FUNCTION inventory_core_internal._clock_setting() IS 'The setting inventory_core.clock, NULL where empty';
COMMENT ON FUNCTION inventory_core_internal._lease_seconds() IS 'The setting inventory_core.lease in seconds';
COMMENT ON FUNCTION inventory_core_internal._max_running_runs() IS 'The setting inventory_core.max_running_runs';
COMMENT ON FUNCTION inventory_core_internal._max_running_runs_per_tenant() IS
    'The setting inventory_core.max_running_runs_per_tenant';
COMMENT ON FUNCTION inventory_core_internal._count_by_type(bytea[], bytea[]) IS
    'How many ids each pair of a type''s bitmap and another has in common; positions count from 1';
COMMENT ON FUNCTION inventory_core_internal._split_by_type(bytea[], bytea[]) IS
    'What each pair of a type''s bitmap and another has in common; positions count from 1';
COMMENT ON FUNCTION inventory_core_internal._runs_add(bytea, bigint) IS 'A set of run numbers with one more; NULL is empty';
COMMENT ON FUNCTION inventory_core_internal._runs_differ(bytea, bytea) IS 'Run numbers that are in one of two sets only';
COMMENT ON FUNCTION inventory_core_internal._runs_last(bytea) IS 'The last of a set of run numbers';
COMMENT ON FUNCTION inventory_core_internal._runs_first_after(bytea, bigint) IS 'The first of a set of run numbers after another';
COMMENT ON FUNCTION inventory_core_internal._runs_count(bytea, bigint, bigint) IS
    'How many of a set of run numbers come after one run and not after another';
COMMENT ON FUNCTION inventory_core_internal._runs_contain(bytea, bigint) IS 'Whether a set of run numbers holds one';
COMMENT ON FUNCTION inventory_core_internal._expected_tolerance() IS 'The setting inventory_core.expected_tolerance';
COMMENT ON FUNCTION inventory_core_internal._shrink_guard() IS 'The setting inventory_core.shrink_guard';
COMMENT ON FUNCTION inventory_core_internal._shrink_guard_min_items() IS 'The setting inventory_core.shrink_guard_min_items';
COMMENT ON FUNCTION inventory_core.redact(text) IS
    'A free text with every secret that can be recognised replaced by what it was; a password in prose cannot be found';
COMMENT ON FUNCTION inventory_core_internal._redact_known(text) IS
    'redact without the search for random runs, for texts where an etag or a version must survive';
COMMENT ON FUNCTION inventory_core_internal._has_inert_strings(text) IS
    'Whether no string in a JSON text can hold what _redact_known finds';
COMMENT ON FUNCTION inventory_core_internal._redact_meta(text) IS 'A meta as JSON text, with the secrets in its strings replaced';
COMMENT ON FUNCTION inventory_core_internal._store_error_text() IS 'The setting inventory_core.store_error_text';
COMMENT ON FUNCTION inventory_core_internal._library_version() IS 'The version that the library was built as';
COMMENT ON FUNCTION inventory_core_internal._is_bitmap(bytea) IS 'Whether bytes are a bitmap; NULL is an empty one';
COMMENT ON FUNCTION inventory_core_internal._lock(text, text) IS 'Waits for a lock of the bound tenant that nobody else may hold';
COMMENT ON FUNCTION inventory_core_internal._lock_shared(text, text) IS 'Waits for a lock of the bound tenant that others may share';
COMMENT ON FUNCTION inventory_core_internal._try_lock(text, text) IS
    'Takes a lock of the bound tenant that nobody else may hold; false where it is not to be had at once';
COMMENT ON FUNCTION inventory_core_internal._try_lock_shared(text, text) IS
    'Takes a lock of the bound tenant that others may share; false where it is not to be had at once';
COMMENT ON FUNCTION inventory_core_internal._unlock(text, text) IS 'Releases what _try_lock took';
COMMENT ON FUNCTION inventory_core_internal._unlock_shared(text, text) IS 'Releases what _try_lock_shared took';
COMMENT ON FUNCTION inventory_core_internal._try_public_lock(text) IS
    'Takes the advisory lock selection_lock_key of a selection of the bound tenant, where it is free';
COMMENT ON FUNCTION inventory_core_internal._unlock_public(text) IS 'Releases what _try_public_lock took';
COMMENT ON FUNCTION inventory_core_internal._begin_write(text, text) IS
    'Binds the tenant for a function that writes; refuses other isolation levels and too little access';
COMMENT ON FUNCTION inventory_core_internal._is_owner() IS
    'Whether the current user has the privileges of the owner of the extension';
COMMENT ON FUNCTION inventory_core_internal._first_listed_tenant() IS 'Where the tenants begin that the caller may list; for the policies';
COMMENT ON FUNCTION inventory_core_internal._last_listed_tenant() IS 'Where the tenants end that the caller may list; for the policies';
COMMENT ON FUNCTION inventory_core_internal._slot_holder(text, uuid) IS 'Stands for a run in run_slots without naming its tenant';
COMMENT ON FUNCTION inventory_core_internal._grant_counts(text, oid) IS
    'Whether the current user may use a grant of a role, and the OID still belongs to that name';
COMMENT ON FUNCTION inventory_core_internal._free_number(integer[], integer, integer) IS
    'The lowest free number above another that keeps a limit beside the taken ones; NULL where there is none';
COMMENT ON FUNCTION inventory_core_internal._try_lock_slot(integer) IS
    'Takes the lock of a slot of the limit over all tenants; false where another transaction is taking the slot';
COMMENT ON FUNCTION inventory_core_internal._unlock_slot(integer) IS 'Releases what _try_lock_slot took';
