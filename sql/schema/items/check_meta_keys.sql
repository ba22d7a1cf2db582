CREATE FUNCTION inventory_core_internal._check_meta_keys(policy_type text, keys text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    longest integer := (SELECT max(octet_length(k.key)) FROM unnest(keys) AS k (key));
BEGIN
    PERFORM inventory_core_internal._require('policy_type', policy_type IS NOT NULL);
    PERFORM inventory_core_internal._require('keys', keys IS NOT NULL AND NOT EXISTS (
        SELECT FROM unnest(keys) AS k (key) WHERE k.key IS NULL));
    IF octet_length(policy_type) NOT BETWEEN 1 AND 200 THEN
        RAISE EXCEPTION 'invalid policy type'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('It has %s bytes.', octet_length(policy_type)),
                  HINT = 'A policy type has 1 to 200 bytes; * means every type.';
    END IF;
    IF longest > 2000 THEN
        RAISE EXCEPTION 'invalid key of meta'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('A key has %s bytes.', longest),
                  HINT = 'A key on the whitelist has at most 2000 bytes.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._check_meta_keys(text, text[]) IS
    'Raises 22004 or 22023 for invalid arguments of allow_meta';
