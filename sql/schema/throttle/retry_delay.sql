-- Intervals and times are passed to Rust as microseconds, so that no session setting matters. Values beyond bigint, and
-- infinity, are clamped.
CREATE FUNCTION inventory_core_internal._micros(span interval) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (least(greatest(extract(epoch FROM span), -9e12), 9e12) * 1000000)::bigint;
COMMENT ON FUNCTION inventory_core_internal._micros(interval) IS 'An interval in microseconds; a month counts as 30 days';

CREATE FUNCTION inventory_core.retry_delay(
    attempt integer, http_status integer, retry_after text DEFAULT NULL,
    base interval DEFAULT NULL, cap interval DEFAULT NULL, now timestamptz DEFAULT clock_timestamp()) RETURNS interval
LANGUAGE sql VOLATILE PARALLEL SAFE
BEGIN ATOMIC
    SELECT inventory_core_internal._retry_delay(
               attempt, http_status, retry_after, inventory_core_internal._micros(base), inventory_core_internal._micros(cap),
               (least(greatest(extract(epoch FROM now), -9e12), 9e12) * 1000000)::bigint, random()) * interval '1 microsecond';
END;
COMMENT ON FUNCTION inventory_core.retry_delay(integer, integer, text, interval, interval, timestamptz) IS
    'How long to wait before the next try: full jitter, never less than Retry-After asks; NULL means do not retry';
