-- forget_tenant: no row of the tenant is left in any table of the catalogue, and none of another tenant goes.
SELECT inventory_core.grant_access('regress_maintainer', 'forget_tenant', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_maintainer', 'forget_tenant two', 'maintainer') \gset
SELECT inventory_core.grant_access('regress_writer', 'forget_tenant', 'writer') \gset
SELECT inventory_core.set_tenant_limit('forget_tenant', 9) \gset
SELECT inventory_core.set_tenant_limit('forget_tenant two', 9) \gset
-- Rows of a tenant in every table that has tenants, whichever they are.
CREATE FUNCTION regress.rows_of(tenant text) RETURNS TABLE (relation text, has_rows boolean) LANGUAGE plpgsql AS $$
BEGIN
    FOR relation IN SELECT c.relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
                    WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind IN ('r', 'p')
                      AND c.relname NOT IN ('tenant_home', 'tenant_moves') ORDER BY c.relname COLLATE "C" LOOP
        EXECUTE format('SELECT count(*) > 0 FROM inventory_core_internal.%I WHERE tenant_id = $1', relation) INTO has_rows USING tenant;
        RETURN NEXT;
    END LOOP;
END
$$;
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core, inventory_core_internal;
CREATE FUNCTION pg_temp.fill(tenant text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    run uuid;
BEGIN
    FOR n IN 1..4 LOOP
        run := regress.sync('run ' || n, tenant, '{}', CASE n WHEN 1 THEN '{vm/1,vm/2}' ELSE '{vm/1,vm/4}' END::text[], NULL);
        PERFORM inventory_core.record_error(tenant, run, 'timeout');
        PERFORM inventory_core.finish_run(tenant, run, 'partial');
    END LOOP;
    PERFORM inventory_core.prune_runs(tenant, '0', 0);
    run := regress.sync('removed', tenant, '{"removed": 1}', '{vm/5,vm/6}', NULL);
    PERFORM inventory_core.remove_items(tenant, run, '[{"policy_type": "vm", "external_id": "5"}]');
    PERFORM inventory_core.finish_run(tenant, run);
    PERFORM inventory_core.forget_items(tenant, ARRAY(SELECT i.item_id FROM inventory_core.inventory_items(tenant) AS i WHERE i.external_id = '6'));
    run := regress.sync('running', tenant, '{"running": 1}', '{vm/3}', NULL);
    PERFORM inventory_core.record_throttle(tenant, run, 429, '60');
    -- as finish_run does where another transaction gives out numbers
    INSERT INTO inventory_core_internal.feed_waiting (tenant_id, run_id) VALUES (tenant, run);
    -- as start_run does where another transaction holds the lock of the row of the selection
    INSERT INTO inventory_core_internal.refusals (tenant_id, selection_hash, refusal_id, selection, refused_count, reason, refused_at)
    VALUES (tenant, inventory_core.selection_hash('{}'), gen_random_uuid(), '{}', 1, 'already_running', inventory_core_internal._now());
END
$$;
SELECT pg_temp.fill('forget_tenant') \gset
SELECT pg_temp.fill('forget_tenant two') \gset
RESET SESSION AUTHORIZATION;
SELECT relation AS without_rows FROM regress.rows_of('forget_tenant') WHERE NOT has_rows;
SELECT run_id AS running FROM inventory_core_internal.sync_runs WHERE tenant_id = 'forget_tenant' AND status = 'running' \gset
SELECT count(*) AS slots FROM inventory_core_internal.run_slots WHERE holder = inventory_core_internal._slot_holder('forget_tenant', :'running');

-- By a maintainer: all goes but the grants and the limit, which are the owner's.
SET SESSION AUTHORIZATION regress_maintainer;
SELECT forget_tenant('forget_tenant');
SELECT forget_tenant('forget_tenant');
SELECT count(*) FROM inventory_items('forget_tenant');
RESET SESSION AUTHORIZATION;
SELECT relation AS left_over FROM regress.rows_of('forget_tenant') WHERE has_rows;
SELECT count(*) AS slots FROM inventory_core_internal.run_slots WHERE holder = inventory_core_internal._slot_holder('forget_tenant', :'running');
SELECT relation AS lost_by_the_other FROM regress.rows_of('forget_tenant two') WHERE NOT has_rows;

-- The worker that was in the middle of a run is told so; a tenant of that name that comes back is a new one.
SET SESSION AUTHORIZATION regress_maintainer;
\set VERBOSITY sqlstate
SELECT upsert_items('forget_tenant', :'running', '[]');
\set VERBOSITY default
SELECT regress.sync('new', 'forget_tenant', '{}', '{vm/9}') \gset
SELECT item_id, external_id FROM inventory_items('forget_tenant');
SELECT run_seq FROM inventory_sync_runs('forget_tenant');

-- By the owner: the grants go too, those of roles that are no more among them. A limit stays until set_tenant_limit takes it back.
RESET SESSION AUTHORIZATION;
SET search_path = inventory_core, inventory_core_internal;
INSERT INTO tenant_grants (tenant_id, role_name, role_oid, access, granted_at) VALUES ('forget_tenant', 'regress_nobody', 1, 'reader', now());
SELECT forget_tenant('forget_tenant');
SELECT relation AS left_over FROM regress.rows_of('forget_tenant') WHERE has_rows;
SELECT relation AS lost_by_the_other FROM regress.rows_of('forget_tenant two') WHERE NOT has_rows;
SET SESSION AUTHORIZATION regress_maintainer;
\set VERBOSITY sqlstate
SELECT set_tenant('forget_tenant');

-- For maintainers, and names that are none.
SELECT forget_tenant(NULL);
SELECT forget_tenant('');
SELECT forget_tenant('*');
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT forget_tenant('forget_tenant two');
ROLLBACK;
RESET SESSION AUTHORIZATION;
SELECT grant_access('regress_writer', 'forget_tenant two', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SELECT forget_tenant('forget_tenant two');
SET SESSION AUTHORIZATION regress_stranger;
SELECT forget_tenant('forget_tenant two');
RESET SESSION AUTHORIZATION;
SELECT relation AS lost_by_the_other FROM regress.rows_of('forget_tenant two') WHERE NOT has_rows;
DROP FUNCTION regress.rows_of;
