-- How many rows the planner should expect: pgrx has no attribute for it.
ALTER FUNCTION inventory_core_internal._read_items(json, text[], text[], text) ROWS 1;
ALTER FUNCTION inventory_core_internal._compare_items(bytea, bigint[], bigint[], bigint[], bigint[], bigint[], bigint) ROWS 1;
ALTER FUNCTION inventory_core_internal._batch_sample(bytea, integer) ROWS 80;
ALTER FUNCTION inventory_core_internal._item_texts(json, bytea, text[], text[], integer[]) ROWS 100;
ALTER FUNCTION inventory_core_internal._bitmap_chunks(bigint[]) ROWS 2;
ALTER FUNCTION inventory_core_internal._bitmap_blocks(bytea) ROWS 20;
ALTER FUNCTION inventory_core_internal._batch_parts(bigint[], text[], bigint[], bigint[], integer) ROWS 2;

-- Comments on the functions written in Rust; their sources are in src/api.
COMMENT ON FUNCTION inventory_core.set_tenant(text) IS
    'Binds this transaction to a tenant that is granted to the caller; one transaction, one tenant';
COMMENT ON FUNCTION inventory_core.clear_tenant() IS 'Ends the binding of this transaction';
COMMENT ON FUNCTION inventory_core_internal._bind_every() IS
    'Lets this transaction list the tenants, if every tenant is granted to the caller; it can read nothing else, nor write';
COMMENT ON FUNCTION inventory_core_internal._wait_until_unbound(text) IS
    'Waits until no transaction is bound to the tenant, and keeps it unbound until the end of the transaction; for the owner';
COMMENT ON FUNCTION inventory_core.current_tenant() IS 'The tenant that this transaction is bound to, or NULL';
COMMENT ON FUNCTION inventory_core.is_retryable(integer) IS
    'Whether a request that got this HTTP status may succeed if it is sent again';
COMMENT ON FUNCTION inventory_core.error_code_for(integer) IS 'The error code of runs for an HTTP status';
COMMENT ON FUNCTION inventory_core.selection_lock_key(text, text) IS
    'Key of the public advisory lock of a selection, which a start takes if it is free';
COMMENT ON FUNCTION inventory_core_internal._canonical_json(text) IS 'canonical_json of a JSON text';
COMMENT ON FUNCTION inventory_core_internal._selection_hash(text) IS 'selection_hash of a JSON text';
COMMENT ON FUNCTION inventory_core_internal._readable_tenant() IS
    'The bound tenant, for the policies; raises 55000 if none is bound';
COMMENT ON FUNCTION inventory_core_internal._writable_tenant(text) IS
    'The bound tenant, for the policies; raises 42501 if the access of the binding is too low';
COMMENT ON FUNCTION inventory_core_internal._may_read() IS
    'True, for the views; raises 55000 if no tenant is bound and the policies apply to the caller';
COMMENT ON FUNCTION inventory_core_internal._fences_plans() IS
    'True, for the policies: evaluated during planning, so that the library is loaded and restricts plans to one tenant';
COMMENT ON FUNCTION inventory_core_internal._check_tenant(text) IS 'Raises 22023 for an invalid tenant name';
COMMENT ON FUNCTION inventory_core_internal._read_items(json, text[], text[], text) IS
    'A batch as one opaque value: keys and digests of its items, and where each begins; also counts what it leaves out';
COMMENT ON FUNCTION inventory_core_internal._batch_sample(bytea, integer) IS
    'Evenly spread items of an opaque batch: every n-th, and the last one';
COMMENT ON FUNCTION inventory_core_internal._sample_batch(bytea, integer) IS 'The same as a smaller opaque batch';
COMMENT ON FUNCTION inventory_core_internal._compare_items(bytea, bigint[], bigint[], bigint[], bigint[], bigint[], bigint) IS
    'Which items of a batch are new, changed or unchanged compared with the stored ones, and which are younger than the run';
COMMENT ON FUNCTION inventory_core_internal._item_texts(json, bytea, text[], text[], integer[]) IS
    'The texts to store for some items of a batch, by their positions in the value of _read_items';
COMMENT ON FUNCTION inventory_core_internal._name_digest(text) IS 'The name_digest of an item with this display_name';
COMMENT ON FUNCTION inventory_core_internal._meta_digest(text) IS
    'The meta_digest of an item with this meta, passed as JSON text in any spelling; computed after secrets are replaced';
COMMENT ON FUNCTION inventory_core_internal._key_high(text, text) IS 'The key_high of an item with this identity';
COMMENT ON FUNCTION inventory_core_internal._key_low(text, text) IS 'The key_low of an item with this identity';
COMMENT ON FUNCTION inventory_core_internal._are_present(integer[], bytea[], integer[], bytea[], bytea[]) IS
    'Whether some sets, by chunk, hold exactly the items that are known and not missing';
COMMENT ON FUNCTION inventory_core_internal._batch_parts(bigint[], text[], bigint[], bigint[], integer) IS
    'What a batch saw, as rows of run_parts';
COMMENT ON FUNCTION inventory_core_internal._bitmap_chunks(bigint[]) IS 'Item ids as bitmaps, one per chunk of 65,536 ids';
COMMENT ON FUNCTION inventory_core_internal._bitmap_union(bytea[]) IS 'Union of bitmaps; NULL is empty';
COMMENT ON FUNCTION inventory_core_internal._bitmap_subtract(bytea, bytea) IS 'The ids in the first bitmap only; NULL is empty';
COMMENT ON FUNCTION inventory_core_internal._bitmap_intersect(bytea, bytea) IS 'The ids in both bitmaps; NULL is empty';
COMMENT ON FUNCTION inventory_core_internal._bitmap_count(bytea) IS 'How many ids a bitmap holds; NULL is empty';
COMMENT ON FUNCTION inventory_core_internal._bitmap_ids(integer, bytea) IS 'The item ids of a chunk''s bitmap';
COMMENT ON FUNCTION inventory_core_internal._bitmap_page(integer, bytea, bigint, bigint) IS
    'The same from an id on, and not more than so many';
COMMENT ON FUNCTION inventory_core_internal._bitmap_blocks(bytea) IS 'A bitmap cut into blocks of 64 ids';
COMMENT ON FUNCTION inventory_core_internal._bitmap_contains(bytea, bigint) IS 'Whether the bitmap of an id''s chunk holds it';
COMMENT ON FUNCTION inventory_core_internal._bitmap_positions(bytea[]) IS
    'For each of the 65,536 ids of a chunk, the position (from 1) of the first of the bitmaps that holds it';
COMMENT ON FUNCTION inventory_core_internal._bitmap_position(bytea, bigint) IS
    'The position of an id in the result of _bitmap_positions';
COMMENT ON FUNCTION inventory_core_internal._error_codes() IS 'The error codes of runs';
COMMENT ON FUNCTION inventory_core_internal._retry_delay(integer, integer, text, bigint, bigint, bigint, double precision) IS
    'retry_delay in microseconds, with the random number as an argument';
COMMENT ON FUNCTION inventory_core_internal._clock_setting() IS 'The setting inventory_core.clock; NULL if empty';
COMMENT ON FUNCTION inventory_core_internal._lease_seconds() IS 'The setting inventory_core.lease in seconds';
COMMENT ON FUNCTION inventory_core_internal._max_running_runs() IS 'The setting inventory_core.max_running_runs';
COMMENT ON FUNCTION inventory_core_internal._max_running_runs_per_tenant() IS
    'The setting inventory_core.max_running_runs_per_tenant';
COMMENT ON FUNCTION inventory_core_internal._count_by_type(bytea[], bytea[]) IS
    'How many ids each pair of a type''s bitmap and another has in common; positions count from 1';
COMMENT ON FUNCTION inventory_core_internal._split_by_type(bytea[], bytea[]) IS
    'The ids that each pair of a type''s bitmap and another has in common; positions count from 1';
COMMENT ON FUNCTION inventory_core_internal._runs_add(bytea, bigint) IS 'A set of run numbers with one added; NULL is empty';
COMMENT ON FUNCTION inventory_core_internal._runs_differ(bytea, bytea) IS 'Run numbers that are in exactly one of two sets';
COMMENT ON FUNCTION inventory_core_internal._runs_last(bytea) IS 'The highest of a set of run numbers';
COMMENT ON FUNCTION inventory_core_internal._runs_first_after(bytea, bigint) IS
    'The lowest of a set of run numbers that is higher than another';
COMMENT ON FUNCTION inventory_core_internal._runs_count(bytea, bigint, bigint) IS
    'How many of a set of run numbers are higher than one number and not higher than another';
COMMENT ON FUNCTION inventory_core_internal._runs_contain(bytea, bigint) IS 'Whether a set of run numbers holds one';
COMMENT ON FUNCTION inventory_core_internal._expected_tolerance() IS 'The setting inventory_core.expected_tolerance';
COMMENT ON FUNCTION inventory_core_internal._shrink_guard() IS 'The setting inventory_core.shrink_guard';
COMMENT ON FUNCTION inventory_core_internal._shrink_guard_min_items() IS 'The setting inventory_core.shrink_guard_min_items';
COMMENT ON FUNCTION inventory_core.redact(text) IS
    'A text with every recognised secret replaced by a marker of its kind; a password in prose cannot be recognised';
COMMENT ON FUNCTION inventory_core_internal._redact_known(text) IS
    'redact without the search for random strings, for texts in which etags and versions must survive';
COMMENT ON FUNCTION inventory_core_internal._has_inert_strings(text) IS
    'Whether _redact_known can find nothing in the strings of a JSON text';
COMMENT ON FUNCTION inventory_core_internal._redact_meta(text) IS
    'A meta, as JSON text, with the secrets in its strings replaced';
COMMENT ON FUNCTION inventory_core_internal._store_error_text() IS 'The setting inventory_core.store_error_text';
COMMENT ON FUNCTION inventory_core_internal._library_version() IS 'The version of the library';
COMMENT ON FUNCTION inventory_core_internal._is_bitmap(bytea) IS 'Whether bytes are a valid bitmap; NULL is an empty one';
COMMENT ON FUNCTION inventory_core_internal._lock(text, text) IS 'Waits for a lock of the bound tenant in exclusive mode';
COMMENT ON FUNCTION inventory_core_internal._lock_shared(text, text) IS 'Waits for a lock of the bound tenant in shared mode';
COMMENT ON FUNCTION inventory_core_internal._try_lock(text, text) IS
    'Tries a lock of the bound tenant in exclusive mode; false if it is not available at once';
COMMENT ON FUNCTION inventory_core_internal._try_lock_shared(text, text) IS
    'Tries a lock of the bound tenant in shared mode; false if it is not available at once';
COMMENT ON FUNCTION inventory_core_internal._unlock(text, text) IS 'Releases what _try_lock took';
COMMENT ON FUNCTION inventory_core_internal._unlock_shared(text, text) IS 'Releases what _try_lock_shared took';
COMMENT ON FUNCTION inventory_core_internal._try_public_lock(text) IS
    'Tries the advisory lock selection_lock_key of a selection of the bound tenant';
COMMENT ON FUNCTION inventory_core_internal._unlock_public(text) IS 'Releases what _try_public_lock took';
COMMENT ON FUNCTION inventory_core_internal._begin_write(text, text) IS
    'Binds the tenant for a function that writes; refuses other isolation levels and too little access';
COMMENT ON FUNCTION inventory_core_internal._can_write() IS
    'Whether this transaction can write for the bound tenant: at READ COMMITTED, not read-only, with enough access';
COMMENT ON FUNCTION inventory_core_internal._is_owner() IS
    'Whether the current user has the privileges of the owner of the extension';
COMMENT ON FUNCTION inventory_core_internal._first_listed_tenant() IS
    'Lower bound of the tenants that the caller may list; for the policies';
COMMENT ON FUNCTION inventory_core_internal._last_listed_tenant() IS
    'Upper bound of the tenants that the caller may list; for the policies';
COMMENT ON FUNCTION inventory_core_internal._slot_holder(text, uuid) IS
    'Identifies a run in run_slots without naming its tenant';
COMMENT ON FUNCTION inventory_core_internal._grant_counts(text, oid) IS
    'Whether the current user may use a grant of a role whose name and OID still belong together';
COMMENT ON FUNCTION inventory_core_internal._usable_roles() IS
    'The current user and the roles whose privileges it has as a member';
COMMENT ON FUNCTION inventory_core_internal._is_storable_time(timestamptz) IS 'Whether a time is from 1970 to 9999';
COMMENT ON FUNCTION inventory_core_internal._is_lease(interval) IS
    'Whether an interval is positive, at most 7 days, and in no other unit than microseconds';
COMMENT ON FUNCTION inventory_core_internal._is_run_status(text) IS 'Whether a text is running, success, partial or failed';
COMMENT ON FUNCTION inventory_core_internal._is_part_kind(text) IS 'Whether a text is inserted, updated or unchanged';
COMMENT ON FUNCTION inventory_core_internal._free_number(integer[], integer, integer) IS
    'The lowest free number above another that keeps the limit, given the taken numbers; NULL if there is none';
COMMENT ON FUNCTION inventory_core_internal._try_lock_slot(integer) IS
    'Tries the lock of a slot of the limit over all tenants; false if another transaction is taking the slot';
COMMENT ON FUNCTION inventory_core_internal._unlock_slot(integer) IS 'Releases what _try_lock_slot took';
