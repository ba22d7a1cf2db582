-- is_retryable, error_code_for, retry_delay: when to ask again, what to call it, how long to wait.
\set VERBOSITY sqlstate
SET SESSION AUTHORIZATION regress_stranger;

SELECT array_agg(s ORDER BY s) FILTER (WHERE inventory_core.is_retryable(s)) AS retryable FROM generate_series(-1, 999) AS s;
SELECT inventory_core.is_retryable(NULL) IS NULL AS of_null;

SELECT code, array_agg(s ORDER BY s) AS statuses
FROM generate_series(400, 599) AS s, inventory_core.error_code_for(s) AS code
WHERE code <> 'upstream_error'
GROUP BY code ORDER BY code;
SELECT s AS other, inventory_core.error_code_for(s) FROM (VALUES (1, NULL), (2, 0), (3, 200), (4, 400), (5, 501), (6, 600)) AS t (n, s) ORDER BY n;

-- Full jitter: from 0 up to base * 2^attempt, never above the cap. NULL: do not retry.
SELECT attempt, bool_and(d BETWEEN '0' AND least('1s'::interval * 2 ^ attempt, '5min')) AS in_range, count(DISTINCT d) > 90 AS jitter
FROM (SELECT a, inventory_core.retry_delay(a, 503) FROM generate_series(0, 12) AS a, generate_series(1, 100)) AS t (attempt, d)
GROUP BY attempt ORDER BY attempt;
SELECT inventory_core.retry_delay(0, 404) IS NULL AS not_retryable;
SELECT inventory_core.retry_delay(2147483647, 429) <= '5min' AS attempt_max;
SELECT max(d) <= '40ms' AS own_cap
FROM (SELECT inventory_core.retry_delay(5, 429, base => '10ms', cap => '40ms') FROM generate_series(1, 100)) AS t (d);

-- Retry-After: seconds or a date; the jitter comes on top, so nobody is early.
SELECT bool_and(d BETWEEN '120s' AND '121s') AS seconds
FROM (SELECT inventory_core.retry_delay(0, 429, '120') FROM generate_series(1, 100)) AS t (d);
SELECT bool_and(d BETWEEN '23s' AND '24s') AS http_date
FROM (SELECT inventory_core.retry_delay(0, 429, 'Sun, 06 Nov 1994 08:50:00 GMT', now => '1994-11-06 08:49:37+00')
      FROM generate_series(1, 100)) AS t (d);
SELECT inventory_core.retry_delay(0, 429, 'soon') <= '1s' AS unreadable_is_absent;
SELECT inventory_core.retry_delay(0, 429, '99999999999999999999') BETWEEN '1 day' AND '24 hours 1 second' AS a_day_at_most;

-- What is beyond all range counts as its end.
SELECT inventory_core.retry_delay(0, 503, base => '178000000 years', cap => '1s') <= '1s' AS long_base;
SELECT bool_and(inventory_core.retry_delay(0, 429, r, now => n) BETWEEN '0' AND '24 hours 1 second') AS any_now
FROM (VALUES ('7'), ('Sun, 06 Nov 1994 08:50:00 GMT'), ('Sunday, 06-Nov-94 08:50:00 GMT')) AS t (r),
     (VALUES ('infinity'::timestamptz), ('-infinity'), ('294276-12-31'), ('4713-01-01 BC')) AS u (n);

SELECT inventory_core.retry_delay(NULL, 429);
SELECT inventory_core.retry_delay(0, NULL);
SELECT inventory_core.retry_delay(-1, 429);
SELECT inventory_core.retry_delay(0, 429, base => '0');
SELECT inventory_core.retry_delay(0, 429, cap => '-1s');
