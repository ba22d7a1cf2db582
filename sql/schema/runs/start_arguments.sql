CREATE FUNCTION inventory_core_internal._is_span(span interval) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
-- A month is not a fixed number of days: '-12 months 361 days' compares as positive, but adding it gives an earlier time.
RETURN span BETWEEN interval '0' AND interval '7 days' AND extract(year FROM span) = 0 AND extract(month FROM span) = 0;
COMMENT ON FUNCTION inventory_core_internal._is_span(interval) IS 'Whether an interval is from 0 to 7 days long';

CREATE FUNCTION inventory_core_internal._exact(span interval) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN make_interval(secs => extract(epoch FROM span)::double precision);
COMMENT ON FUNCTION inventory_core_internal._exact(interval) IS
    'The same interval in one unit: a day is 24 hours, whatever the time zone of the session';

CREATE FUNCTION inventory_core_internal._check_start_arguments(
    selection jsonb, correlation_id text, lease interval, min_age interval, scope text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    problem text := CASE
        WHEN jsonb_typeof(selection) <> 'object' THEN format('selection: it is of type %s.', jsonb_typeof(selection))
        WHEN length(correlation_id) > 1000 THEN format('correlation_id: it has %s characters.', length(correlation_id))
        WHEN NOT inventory_core_internal._is_span(lease) OR inventory_core_internal._exact(lease) <= interval '0'
            THEN format('lease: it is %s.', lease)
        WHEN NOT inventory_core_internal._is_span(min_age) THEN format('min_age: it is %s.', min_age)
    END;
BEGIN
    IF selection IS NULL OR scope IS DISTINCT FROM '*' THEN
        PERFORM inventory_core_internal._require('selection', selection IS NOT NULL);
        PERFORM inventory_core_internal._check_scope(scope);
    END IF;
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION 'invalid argument of start_run'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('Argument %s', problem),
                  HINT = 'selection is a JSON object, correlation_id has at most 1000 characters, lease and min_age are '
                         'intervals of at most 7 days without months, lease longer than 0.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._check_start_arguments(jsonb, text, interval, interval, text) IS
    'Raises 22004 or 22023 for invalid arguments of start_run';

CREATE FUNCTION inventory_core_internal._check_mode(mode text, policy_types text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    problem text;
BEGIN
    PERFORM inventory_core_internal._require('mode', mode IS NOT NULL);
    SELECT CASE
               WHEN mode NOT IN ('full', 'delta') THEN 'mode: it is not one of the two known values.'
               WHEN mode = 'delta' AND policy_types IS NOT NULL THEN 'policy_types: a delta run covers no types.'
               WHEN count(*) = 0 THEN CASE WHEN policy_types IS NOT NULL THEN 'policy_types: it is empty.' END
               WHEN bool_or(t.policy_type IS NULL) THEN 'policy_types: an element is NULL.'
               WHEN min(octet_length(t.policy_type)) = 0 OR max(octet_length(t.policy_type)) > 200
                   THEN format('policy_types: an element has %s bytes.',
                               CASE WHEN min(octet_length(t.policy_type)) = 0 THEN 0 ELSE max(octet_length(t.policy_type)) END)
           END
    INTO problem
    FROM unnest(policy_types) AS t (policy_type);
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION 'invalid argument of start_run'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('Argument %s', problem),
                  HINT = 'mode is ''full'' or ''delta''; policy_types names the types that a full run covers, of 1 to 200 bytes '
                         'each, or is NULL for every type.';
    END IF;
    RETURN (SELECT array_agg(DISTINCT t.policy_type COLLATE "C" ORDER BY t.policy_type COLLATE "C")
            FROM unnest(policy_types) AS t (policy_type));
END
$$;
COMMENT ON FUNCTION inventory_core_internal._check_mode(text, text[]) IS
    'Raises 22004 or 22023 for an invalid mode or policy types; returns the types sorted, each once';

CREATE FUNCTION inventory_core_internal._raise_no_cursor() RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'a full run is due'
        USING ERRCODE = 'invalid_parameter_value',
              DETAIL = 'The selection has no cursor, which a delta run passes to the API.',
              HINT = 'Start a run with mode => ''full'', and pass the cursor that the API returned to finish_run.';
END
$$;
COMMENT ON FUNCTION inventory_core_internal._raise_no_cursor() IS
    'Raises 22023 for a delta run of a selection without a cursor';

CREATE FUNCTION inventory_core_internal._check_request(run inventory_core_internal.sync_runs, selection_hash text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF run.selection_hash <> selection_hash THEN
        RAISE EXCEPTION 'request_id was used for another selection'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'A request_id names one attempt to list one selection.',
                  HINT = 'Make a fresh uuid for each attempt.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._check_request(inventory_core_internal.sync_runs, text) IS
    'Raises 22023 if a request_id was used for another selection';
