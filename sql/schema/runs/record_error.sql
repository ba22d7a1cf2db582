CREATE FUNCTION inventory_core.record_error(
    tenant text, run_id uuid, error_code text DEFAULT NULL, message text DEFAULT NULL,
    http_status integer DEFAULT NULL, policy_type text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    given_code text := error_code;
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant);
    PERFORM inventory_core_internal._lock_run_shared(tenant, run_id);
    PERFORM inventory_core_internal._lock('errors', run_id::text);
    -- If the code is unknown or NULL, it is derived from the status.
    IF given_code = ANY (inventory_core_internal._error_codes()) THEN
        given_code := NULL;
    ELSE
        error_code := inventory_core.error_code_for(
            coalesce(http_status, CASE WHEN given_code ~ '^[1-5][0-9]{2}$' THEN given_code::integer END));
    END IF;
    IF NOT inventory_core_internal._store_error_text() THEN
        given_code := NULL;
        message := NULL;
    END IF;
    -- Redacted before the first write, or the write-ahead log would hold the secret; cut after that, or half a
    -- secret would not be recognised.
    PERFORM inventory_core_internal._add_error(tenant, run_id, error_code,
                                      upstream_code => left(inventory_core.redact(given_code), 200),
                                      http_status => http_status,
                                      policy_type => nullif(left(policy_type, 200), ''),
                                      message => left(inventory_core.redact(message), 2000),
                                      by_caller => true);
END
$$;
COMMENT ON FUNCTION inventory_core.record_error(text, uuid, text, text, integer, text) IS
    'Records an error that retries did not cure; it is redacted before it is written, and never refused for its content';
