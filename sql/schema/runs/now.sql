CREATE FUNCTION inventory_core_internal._now() RETURNS timestamptz
LANGUAGE sql VOLATILE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(CAST(inventory_core_internal._clock_setting() AS timestamptz), clock_timestamp());
END;
COMMENT ON FUNCTION inventory_core_internal._now() IS
    'The one place that times come from: the server''s clock, or inventory_core.clock where a test sets it';
