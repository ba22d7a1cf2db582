CREATE FUNCTION inventory_core_internal._now() RETURNS timestamptz
LANGUAGE sql VOLATILE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(CAST(inventory_core_internal._clock_setting() AS timestamptz), clock_timestamp());
END;
COMMENT ON FUNCTION inventory_core_internal._now() IS
    'The only source of times: the server''s clock, or the setting inventory_core.clock if it is set';
