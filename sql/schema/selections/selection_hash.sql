-- SQL wrappers of the Rust functions: a jsonb is passed as text, which keeps every digit of a number
-- and costs less than reading its binary form.

CREATE FUNCTION inventory_core.canonical_json(value jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN inventory_core_internal._canonical_json(value::text);
COMMENT ON FUNCTION inventory_core.canonical_json(jsonb) IS
    'RFC 8785 with every array sorted: one text for all spellings of a selection';

CREATE FUNCTION inventory_core.selection_hash(selection jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN inventory_core_internal._selection_hash(selection::text);
COMMENT ON FUNCTION inventory_core.selection_hash(jsonb) IS
    'sha256 of the canonical form of a selection, as 64 lower-case hex digits';

-- SQL and not Rust: it never reads the values, so it cannot fail on their content.
CREATE FUNCTION inventory_core.filter_meta(meta jsonb, allowed text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}')
    FROM jsonb_each(CASE WHEN jsonb_typeof(filter_meta.meta) = 'object' THEN filter_meta.meta END) AS m (key, value)
    -- hashed; ANY would compare each key with each element
    WHERE m.key IN (SELECT unnest(filter_meta.allowed));
END;
COMMENT ON FUNCTION inventory_core.filter_meta(jsonb, text[]) IS
    'The allowed top-level keys of an object; anything that is not an object gives {}';
