-- set_tenant, clear_tenant, current_tenant: the binding belongs to a transaction, and to nobody else.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'set_tenant', 'writer') \gset
SELECT inventory_core.grant_access('regress_writer', 'set_tenant two', 'reader') \gset
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;

-- Ends with the transaction: so a statement of its own leaves nothing behind.
SELECT current_tenant() IS NULL AS unbound;
SELECT set_tenant('set_tenant');
SELECT current_tenant() IS NULL AS unbound;
BEGIN;
SELECT set_tenant('set_tenant');
SELECT current_tenant();
COMMIT;
SELECT current_tenant() IS NULL AS unbound;
BEGIN;
SELECT set_tenant('set_tenant');
ROLLBACK;
SELECT current_tenant() IS NULL AS unbound;

-- Once bound, the same tenant again is fine; another one is refused until clear_tenant.
BEGIN;
SELECT set_tenant('set_tenant');
SELECT set_tenant('set_tenant');
SAVEPOINT s;
SELECT set_tenant('set_tenant two');
ROLLBACK TO s;
SELECT * FROM inventory_items('set_tenant two');
ROLLBACK TO s;
SELECT current_tenant();
SELECT clear_tenant();
SELECT current_tenant() IS NULL AS unbound;
SELECT clear_tenant();
SELECT set_tenant('set_tenant two');
SELECT current_tenant();
COMMIT;

-- A function binds as set_tenant does: for the rest of the transaction.
BEGIN;
SELECT count(*) FROM inventory_items('set_tenant two');
SELECT current_tenant();
SELECT set_tenant('set_tenant');
ROLLBACK;

-- Rolls back with a savepoint, a binding as well as its end.
BEGIN;
SAVEPOINT s;
SELECT set_tenant('set_tenant');
ROLLBACK TO s;
SELECT current_tenant() IS NULL AS unbound;
SELECT set_tenant('set_tenant two');
SAVEPOINT s2;
SELECT clear_tenant();
SELECT set_tenant('set_tenant');
ROLLBACK TO s2;
SELECT current_tenant();
SAVEPOINT s3;
SELECT clear_tenant();
RELEASE s3;
SELECT current_tenant() IS NULL AS unbound;
ROLLBACK;
\set VERBOSITY terse
DO $$
BEGIN
    BEGIN
        PERFORM inventory_core.set_tenant('set_tenant');
        RAISE 'undo';
    EXCEPTION WHEN raise_exception THEN
        NULL;
    END;
    RAISE NOTICE 'after a caught error: %', coalesce(inventory_core.current_tenant(), 'unbound');
END
$$;
\set VERBOSITY sqlstate

-- Nor does a session command carry it along.
BEGIN;
SELECT set_tenant('set_tenant');
RESET ALL;
SELECT inventory_core.current_tenant();
COMMIT;
DISCARD ALL;
SELECT inventory_core.current_tenant() IS NULL AS unbound;
SET SESSION AUTHORIZATION regress_writer;
SET search_path = inventory_core, inventory_core_internal;

-- What is no tenant, and whose tenant it is not.
SELECT set_tenant(NULL);
SELECT set_tenant('');
SELECT set_tenant('*');
SELECT set_tenant(E'a\nb');
SELECT set_tenant(E'a\u007fb');
SELECT set_tenant(repeat('x', 256));
SELECT set_tenant(repeat('ü', 128));
SELECT set_tenant('nobody granted this');
SELECT set_tenant('SET_TENANT');
SELECT set_tenant('set_tenant ');
SELECT set_tenant(repeat('x', 255));

-- An odd name is a name like any other.
SET SESSION AUTHORIZATION DEFAULT;
SELECT inventory_core.grant_access('regress_writer', 'Ünï/1''";--%', 'reader') \gset
SET SESSION AUTHORIZATION regress_writer;
BEGIN;
SELECT set_tenant('Ünï/1''";--%');
SELECT current_tenant();
ROLLBACK;
