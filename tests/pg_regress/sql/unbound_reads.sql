-- Without a tenant, reading raises 55000, also where there is nothing to read; never an empty result that looks like an answer.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_reader', 'unbound_reads', 'reader') \gset
SELECT inventory_core.grant_access('regress_writer', 'unbound_reads', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SELECT regress.sync('run', 'unbound_reads', '{}', '{vm/1}', NULL) AS run \gset
SELECT inventory_core.record_error('unbound_reads', :'run', 'timeout') \gset

-- The views; a condition or an aggregate changes nothing.
SET SESSION AUTHORIZATION regress_reader;
SELECT * FROM inventory_core.inventory_items;
SELECT * FROM inventory_core.inventory_sync_runs;
SELECT * FROM inventory_core.inventory_sync_errors;
SELECT * FROM inventory_core.inventory_selections;
SELECT * FROM inventory_core.run_progress;
SELECT count(*) FROM inventory_core.inventory_items WHERE tenant_id = 'unbound_reads';
SELECT EXISTS (SELECT FROM inventory_core.inventory_sync_runs);

-- Bound, no longer; and unbound again after clear_tenant.
BEGIN;
SELECT inventory_core.set_tenant('unbound_reads');
SELECT external_id FROM inventory_core.inventory_items;
SELECT inventory_core.clear_tenant();
SELECT external_id FROM inventory_core.inventory_items;
ROLLBACK;

-- Every view and tenant table there is (the two others say what is granted and allowed).
CREATE FUNCTION pg_temp.read_all() RETURNS TABLE (relation name, answer text) LANGUAGE plpgsql AS $$
BEGIN
    FOR relation IN
        SELECT relname FROM pg_class
        WHERE relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND relkind IN ('r', 'v', 'p') AND relname NOT IN ('tenant_grants', 'meta_whitelist', 'home_ranges', 'tenant_home', 'run_slots')
        ORDER BY relname
    LOOP
        BEGIN
            EXECUTE format('SELECT count(*) || '' rows'' FROM %s.%I', CASE WHEN relation ~ '^(inventory_|run_progress)' THEN 'inventory_core' ELSE 'inventory_core_internal' END, relation) INTO answer;
        EXCEPTION WHEN object_not_in_prerequisite_state OR insufficient_privilege THEN
            answer := SQLSTATE;
        END;
        RETURN NEXT;
    END LOOP;
END
$$;
SELECT * FROM pg_temp.read_all();
-- The same where they are all empty, by index and by a scan of the whole table.
SET SESSION AUTHORIZATION DEFAULT;
BEGIN;
SET LOCAL client_min_messages = warning;
TRUNCATE inventory_core_internal.tenants, inventory_core_internal.tenant_limits, inventory_core_internal.run_parts, inventory_core_internal.cooldowns, inventory_core_internal.refusals, inventory_core_internal.selections, inventory_core_internal.sync_runs, inventory_core_internal.sync_errors, inventory_core_internal.items CASCADE;
SET LOCAL SESSION AUTHORIZATION regress_reader;
SELECT * FROM pg_temp.read_all() WHERE answer <> '55000';
SET LOCAL enable_indexscan = off;
SET LOCAL enable_indexonlyscan = off;
SET LOCAL enable_bitmapscan = off;
SELECT * FROM pg_temp.read_all() WHERE answer <> '55000';
-- Bound, they are empty, and this time it is an answer.
SELECT inventory_core.set_tenant('unbound_reads');
SELECT DISTINCT answer FROM pg_temp.read_all();
ROLLBACK;

-- A superuser or BYPASSRLS role sees every tenant, bound or not.
SELECT tenant_id, external_id FROM inventory_core.inventory_items WHERE tenant_id = 'unbound_reads';
CREATE ROLE regress_auditor BYPASSRLS;
SELECT inventory_core.grant_access('regress_auditor', 'unbound_reads two', 'reader') \gset
SET SESSION AUTHORIZATION regress_auditor;
SELECT tenant_id, external_id FROM inventory_core.inventory_items WHERE tenant_id = 'unbound_reads';
SET SESSION AUTHORIZATION DEFAULT;
DROP OWNED BY regress_auditor;
DROP ROLE regress_auditor;
