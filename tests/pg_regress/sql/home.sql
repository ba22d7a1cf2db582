-- A tenant whose rows are on another server cannot be bound: ranges of hashes, and moves of single tenants.
CREATE ROLE regress_home LOGIN;
CREATE ROLE regress_home_stranger LOGIN;
SELECT inventory_core.grant_access('regress_home', 'home one', 'maintainer');
SELECT inventory_core.grant_access('regress_home', 'home two', 'maintainer');
SELECT inventory_core.grant_access('regress_home_stranger', 'home three', 'reader');
CREATE FUNCTION pg_temp.binds(tenant text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
BEGIN
    PERFORM inventory_core.set_tenant(tenant);
    PERFORM inventory_core.clear_tenant();
    RETURN 'yes';
EXCEPTION WHEN object_not_in_prerequisite_state OR insufficient_privilege THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' / ', SQLSTATE, SQLERRM, detail, coalesce('bound to ' || inventory_core.current_tenant(), 'unbound'));
END
$$;

-- The range of one of them.
INSERT INTO inventory_core_internal.home_ranges VALUES (0, -1), (hashtext('home one'), hashtext('home one'));
SET SESSION AUTHORIZATION regress_home;
SELECT pg_temp.binds('home one');
SELECT pg_temp.binds('home two');
SELECT pg_temp.binds('home three');
\set SHOW_CONTEXT never
SELECT inventory_core.start_run('home two', '{}');
SELECT status FROM inventory_core.start_run('home one', '{}');
CALL inventory_core.maintain();
SET SESSION AUTHORIZATION DEFAULT;
SELECT pg_temp.binds('home two') AS of_a_superuser;

-- A move: every state but here closes the tenant.
UPDATE inventory_core_internal.home_ranges SET lo = -2147483648, hi = 2147483647 WHERE lo <> 0 OR hi <> -1;
INSERT INTO inventory_core_internal.tenant_moves VALUES ('home one', 'leaving', gen_random_uuid(), '2030-01-01');
DO $$
DECLARE
    each_state text;
BEGIN
    FOREACH each_state IN ARRAY '{leaving, left, gone, arriving, arrived, here}'::text[] LOOP
        UPDATE inventory_core_internal.tenant_moves SET state = each_state WHERE tenant_id = 'home one';
        RAISE NOTICE '%: %', each_state, pg_temp.binds('home one');
    END LOOP;
END
$$;
UPDATE inventory_core_internal.tenant_moves SET state = 'gone';
SET SESSION AUTHORIZATION regress_home;
SELECT pg_temp.binds('home one');
SELECT pg_temp.binds('home two');
-- A role without a grant learns nothing of the move.
SET SESSION AUTHORIZATION regress_home_stranger;
SELECT pg_temp.binds('home one');
BEGIN;
SELECT inventory_core.set_tenant('home three');
SELECT count(*) AS moves_of_others FROM inventory_core_internal.tenant_moves;
COMMIT;

-- Only the owner writes.
SET SESSION AUTHORIZATION regress_home;
\set VERBOSITY sqlstate
DELETE FROM inventory_core_internal.tenant_moves;
INSERT INTO inventory_core_internal.home_ranges VALUES (1, 2);
SELECT inventory_core_internal._wait_until_unbound('home two');
SELECT inventory_core_internal._add_ranges('{1}', '{2}');
SELECT inventory_core_internal._forward_calls();
CALL inventory_core.distribute();
SET SESSION AUTHORIZATION DEFAULT;
INSERT INTO inventory_core_internal.home_ranges VALUES (2, 1);
INSERT INTO inventory_core_internal.tenant_moves VALUES ('*', 'gone', gen_random_uuid(), '2030-01-01');
INSERT INTO inventory_core_internal.tenant_home VALUES ('home one');
\set VERBOSITY default

-- Without Citus.
CALL inventory_core.distribute();
CALL inventory_core.distribute(0);
CALL inventory_core.distribute(NULL);

-- What distribute() would generate, for each kind.
\pset format unaligned
SELECT w.kind, count(*) > 0 AS found, bool_or(w.is_forwarding) AS any_forwarding
FROM inventory_core_internal._forwarded_functions() AS w GROUP BY w.kind ORDER BY w.kind;
SELECT p.proname, inventory_core_internal._forwarding_body(w.function, w.kind) AS body
FROM inventory_core_internal._forwarded_functions() AS w JOIN pg_proc AS p ON p.oid = w.function
WHERE p.proname IN ('finish_run', 'allow_meta', 'record_error', 'maintain', 'doctor', 'run_changes') ORDER BY p.proname;
\pset format aligned

TRUNCATE inventory_core_internal.home_ranges, inventory_core_internal.tenant_moves;
SELECT inventory_core.forget_tenant('home one');
SELECT inventory_core.revoke_access('regress_home', 'home two'), inventory_core.revoke_access('regress_home_stranger', 'home three');
DROP ROLE regress_home, regress_home_stranger;
