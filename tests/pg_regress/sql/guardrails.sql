-- What a whole flow must not do: touch a table that is none of the extension's, keep an earlier value, call anything deleted.
SELECT inventory_core.grant_access('regress_maintainer', 'guardrails', 'maintainer') \gset
SELECT inventory_core.allow_meta('gr', 'a') \gset
CREATE TABLE regress.bystander (id integer PRIMARY KEY, name text);
INSERT INTO regress.bystander VALUES (1, 'somebody else''s');
GRANT ALL ON regress.bystander TO regress_maintainer;

-- Number and contents of the rows of every table of the database, those of the server included (it keeps statistics of its own).
CREATE TABLE regress.snapshot (moment text, relation text, rows bigint, contents text);
CREATE FUNCTION regress.take_snapshot(moment text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    relation text;
BEGIN
    FOR relation IN
        SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_toast', 'information_schema') AND n.nspname !~ '^pg_temp'
          AND c.oid NOT IN ('regress.snapshot'::regclass, 'pg_statistic'::regclass, 'pg_class'::regclass, 'pg_database'::regclass)
    LOOP
        EXECUTE format($q$INSERT INTO regress.snapshot SELECT %L, %L, count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM %s AS t$q$, moment, relation, relation);
    END LOOP;
    INSERT INTO regress.snapshot SELECT moment, 'pg_catalog.pg_class', count(*), md5(string_agg(oid::text || relname, ' ' ORDER BY oid)) FROM pg_class;
END
$$;
SELECT regress.take_snapshot('before') \gset

-- A whole flow: new, unchanged, changed, cleared, bad, missing, back again, refused, failed, taken over, forgotten.
SET SESSION AUTHORIZATION regress_maintainer;
SET inventory_core.clock = '2026-01-01 01:00:00+00';
SELECT run_id AS run FROM inventory_core.start_run('guardrails', '{}') \gset
SELECT inserted FROM inventory_core.upsert_items('guardrails', :'run', '[{"policy_type": "gr", "external_id": "1", "display_name": "earlier name", "meta": {"a": "earlier value", "x": "dropped value"}}, {"policy_type": "gr", "external_id": "2", "display_name": "cleared name", "meta": {"a": "cleared value"}}, {"policy_type": "gr", "external_id": "forgotten id"}]');
SELECT status FROM inventory_core.finish_run('guardrails', :'run');
SELECT run_id AS run FROM inventory_core.start_run('guardrails', '{}') \gset
SELECT unchanged FROM inventory_core.upsert_items('guardrails', :'run', '[{"policy_type": "gr", "external_id": "1"}]');
SELECT updated FROM inventory_core.upsert_items('guardrails', :'run', '[{"policy_type": "gr", "external_id": "1", "display_name": "new name", "meta": {"a": "new value"}}, {"policy_type": "gr", "external_id": "2", "display_name": null, "meta": null}]');
SELECT rejected FROM inventory_core.upsert_items('guardrails', :'run', '[{"policy_type": "gr", "external_id": "rejected id", "colour": "rejected value"}]', 'record');
SELECT status FROM inventory_core.start_run('guardrails', '{}');
SELECT inventory_core.heartbeat('guardrails', :'run') IS NOT NULL AS alive;
SELECT inventory_core.record_error('guardrails', :'run', 'timeout') \gset
SELECT status FROM inventory_core.finish_run('guardrails', :'run', 'partial');
SELECT external_id FROM inventory_core.missing_items('guardrails', inventory_core.selection_hash('{}'));
SELECT run_id AS run FROM inventory_core.start_run('guardrails', '{}') \gset
SET inventory_core.clock = '2026-01-01 02:00:00+00';
SELECT inventory_core.reap_expired_runs('guardrails');
SELECT inventory_core.forget_items('guardrails', ARRAY(SELECT item_id FROM inventory_core.inventory_items('guardrails') WHERE external_id = 'forgotten id'));

-- It changed no table but those that the contract names.
SET SESSION AUTHORIZATION DEFAULT;
SELECT regress.take_snapshot('after') \gset
CREATE FUNCTION regress.is_named(relation text) RETURNS boolean LANGUAGE sql AS $$
    SELECT relation ~ '^inventory_core_internal\.(tenants|tenant_grants|tenant_limits|home_ranges|tenant_moves|tenant_home|cooldowns|selections|sync_runs|sync_errors|items|run_parts|last_seen|run_changes_.*|meta_whitelist|run_slots|refusals|pruned_runs|item_types|presence|selection_types|type_counts|removals|removed_items|feeds|feed_.*)$'
$$;
SELECT relation AS changed_unnamed FROM regress.snapshot WHERE NOT regress.is_named(relation)
GROUP BY relation HAVING count(*) <> 2 OR count(DISTINCT (rows, contents)) <> 1 ORDER BY relation;
SELECT format('inventory_core_internal.%I', relname) AS unnamed FROM pg_class
WHERE relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND relkind NOT IN ('i', 'I', 'v', 'c') AND NOT regress.is_named(format('inventory_core_internal.%I', relname));
SELECT count(*) > 3 AS this_test_can_tell FROM (SELECT FROM regress.snapshot GROUP BY relation HAVING count(DISTINCT (rows, contents)) = 2) AS changed;

-- No earlier value of an item is anywhere, as text or as bytes, nor what was dropped or rejected; what is there now is in one place.
CREATE FUNCTION regress.where_is(value text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    relation text;
    found boolean;
BEGIN
    FOR relation IN SELECT DISTINCT s.relation FROM regress.snapshot AS s WHERE s.relation !~ '^pg_catalog|^regress' ORDER BY 1 LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s AS t WHERE t::text LIKE %L OR t::text LIKE %L)', relation, '%' || value || '%', '%' || encode(convert_to(value, 'UTF8'), 'hex') || '%') INTO found;
        IF found THEN
            RETURN NEXT relation;
        END IF;
    END LOOP;
END
$$;
SELECT v AS value, ARRAY(SELECT regress.where_is(v)) AS found_in
FROM unnest(ARRAY['earlier name', 'earlier value', 'dropped value', 'cleared name', 'cleared value', 'rejected id', 'rejected value', 'forgotten id', 'new name', 'new value']) AS v;

-- Nothing is called or marked deleted: no name, no source, no constraint, no comment, no row.
SELECT 'column' AS what, attrelid::regclass::text || '.' || attname AS name FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid
    WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND attname ~* 'deleted'
UNION ALL SELECT 'relation', relname FROM pg_class WHERE relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND (relname ~* 'deleted' OR relkind = 'v' AND pg_get_viewdef(oid) ~* 'deleted')
UNION ALL SELECT 'function', proname FROM pg_proc WHERE pronamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND prokind <> 'a' AND pg_get_functiondef(oid) ~* 'deleted'
UNION ALL SELECT 'constraint', conname FROM pg_constraint WHERE connamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND (conname ~* 'deleted' OR pg_get_constraintdef(oid) ~* 'deleted')
UNION ALL SELECT 'enum', enumlabel FROM pg_enum WHERE enumlabel ~* 'deleted'
UNION ALL SELECT 'comment', d.description FROM pg_description AS d JOIN pg_depend AS x ON (x.classid, x.objid) = (d.classoid, d.objoid) AND x.deptype = 'e' AND x.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'inventory_core')
    WHERE d.description ~* 'deleted'
UNION ALL SELECT 'row', regress.where_is('deleted');
DROP TABLE regress.bystander, regress.snapshot;
DROP FUNCTION regress.take_snapshot, regress.is_named, regress.where_is;
