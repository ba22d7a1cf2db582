-- Nothing is for everybody but what touches no table; grant_access gives the rest.
REVOKE ALL ON ALL TABLES IN SCHEMA inventory_core, inventory_core_internal FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA inventory_core, inventory_core_internal FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    inventory_core.canonical_json(jsonb), inventory_core_internal._canonical_json(text),
    inventory_core.selection_hash(jsonb), inventory_core_internal._selection_hash(text),
    inventory_core.filter_meta(jsonb, text[]),
    inventory_core.redact(text),
    inventory_core.is_retryable(integer), inventory_core.error_code_for(integer),
    inventory_core.retry_delay(integer, integer, text, interval, interval, timestamptz),
    inventory_core_internal._retry_delay(integer, integer, text, bigint, bigint, bigint, double precision),
    inventory_core_internal._micros(interval),
    inventory_core.selection_lock_key(text, text),
    inventory_core_internal._read_items(json, text[], text[], text),
    inventory_core_internal._item_texts(json, bytea, text[], text[], integer[]),
    inventory_core_internal._fences_plans()
    TO PUBLIC;
