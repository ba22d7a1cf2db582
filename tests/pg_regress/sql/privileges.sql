-- What the catalogues say of every object of the extension, so that a new one is covered by default.
-- Everybody may call what touches no table; nothing else is for PUBLIC.
SELECT p.oid::regprocedure AS callable_by_everybody FROM pg_proc AS p
WHERE p.pronamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND p.proname !~ '^_' AND has_function_privilege('regress_stranger', p.oid, 'EXECUTE')
ORDER BY p.proname COLLATE "C";
SELECT c.oid::regclass AS open_to_everybody FROM pg_class AS c
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind NOT IN ('i', 'I', 'c')
  AND has_table_privilege('regress_stranger', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER');
SELECT has_schema_privilege('regress_stranger', 'inventory_core', 'USAGE') AS usage, has_schema_privilege('regress_stranger', 'inventory_core', 'CREATE') AS make;

-- What an access level may do with a table. Rows are a matter of the policies.
CREATE ROLE regress_visitor;
SELECT inventory_core.grant_access('regress_visitor', 'privileges', 'reader') \gset
CREATE TABLE regress.allowed AS SELECT 'reader' AS access, c.relname, p FROM pg_class AS c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind IN ('r', 'v', 'p') AND has_table_privilege('regress_visitor', c.oid, p);
SELECT inventory_core.grant_access('regress_visitor', 'privileges', 'writer') \gset
INSERT INTO regress.allowed SELECT 'writer' AS access, c.relname, p FROM pg_class AS c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind IN ('r', 'v', 'p') AND has_table_privilege('regress_visitor', c.oid, p);
SELECT inventory_core.grant_access('regress_visitor', 'privileges', 'maintainer') \gset
INSERT INTO regress.allowed SELECT 'maintainer' AS access, c.relname, p FROM pg_class AS c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind IN ('r', 'v', 'p') AND has_table_privilege('regress_visitor', c.oid, p);
SELECT access, string_agg(DISTINCT p, ', ' ORDER BY p) AS on_any_table FROM regress.allowed GROUP BY access ORDER BY array_position(ARRAY['reader', 'writer', 'maintainer'], access);
SELECT access, relname, p AS not_read_only_view FROM regress.allowed JOIN pg_class AS c USING (relname) WHERE c.relkind = 'v' AND p <> 'SELECT';
SELECT access, relname, p AS writes_who_may_do_what FROM regress.allowed WHERE relname IN ('tenant_grants', 'meta_whitelist', 'tenant_limits') AND p <> 'SELECT';
-- No object has a privilege for anybody but its owner, the group roles and, for what touches no table, PUBLIC: so the lists of
-- privileges do not grow with the roles that were granted something.
SELECT o.object, o.grantee FROM inventory_core_internal._foreign_privileges() AS o
WHERE o.grantee <> 'PUBLIC' OR o.object !~ '^(ROUTINE|SCHEMA inventory_core$)' ORDER BY o.object COLLATE "C", o.grantee;
SELECT max(cardinality(p.proacl)) AS most_entries FROM pg_proc AS p WHERE p.pronamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]);
-- revoke_access leaves the membership, which opens no row; DROP ROLE takes it.
SELECT inventory_core.revoke_access('regress_visitor', 'privileges') \gset
SELECT pg_has_role('regress_visitor', 'inventory_core_maintainer', 'USAGE') AS member, count(*) AS grants FROM inventory_core_internal.tenant_grants WHERE role_name = 'regress_visitor';
DROP ROLE regress_visitor;
DROP TABLE regress.allowed;

-- Every table: row-level security enabled and forced, and for every command a restrictive policy beside the permissive one
-- (where there is neither, nobody but a superuser has the command); every key leads with the tenant.
SELECT c.oid::regclass AS without_fence FROM pg_class AS c
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity);
SELECT c.oid::regclass AS relation, k.command AS permissive_alone FROM pg_class AS c CROSS JOIN unnest('{r,a,w,d}'::"char"[]) AS k (command)
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind IN ('r', 'p')
  AND EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('*', k.command))
  AND NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND NOT p.polpermissive AND p.polcmd IN ('*', k.command)) ORDER BY 1, 2;
SELECT c.oid::regclass AS no_tenant FROM pg_class AS c
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind IN ('r', 'p') AND c.relname NOT IN ('meta_whitelist', 'run_slots', 'home_ranges')
  AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id');
SELECT k.conname AS leads_with_another FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
WHERE k.connamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND k.contype IN ('p', 'u', 'f') AND a.attname <> 'tenant_id' AND c.relname NOT IN ('meta_whitelist', 'run_slots', 'home_ranges');
SELECT i.indexrelid::regclass AS leads_with_another FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND a.attname <> 'tenant_id' AND c.relname NOT IN ('meta_whitelist', 'run_slots', 'home_ranges')
  AND i.indexrelid <> 'inventory_core_internal.tenant_grants_role_oid'::regclass;     -- by which a role comes by its own grants only
SELECT c.oid::regclass AS view_of_its_owner FROM pg_class AS c
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind = 'v' AND NOT c.reloptions @> ARRAY['security_invoker=true', 'security_barrier=true'];

-- No function runs as its owner, and none looks names up in the caller's search_path.
SELECT p.oid::regprocedure AS security_definer FROM pg_proc AS p WHERE p.pronamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND p.prosecdef;
-- maintain and distribute cannot: they commit. tests/tenant_isolation/test_hostile_neighbours.py calls it on a path full of traps.
SELECT p.oid::regprocedure AS open_search_path FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
WHERE p.pronamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND l.lanname IN ('sql', 'plpgsql') AND p.prosqlbody IS NULL
  AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS c WHERE c = 'search_path=pg_catalog, pg_temp');
-- Nothing that a distributed engine or a restore refuses; the guards against unredacted text are not needed by the data path.
SELECT c.oid::regclass AS sequence FROM pg_class AS c WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind = 'S';
SELECT t.tgname AS trigger FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND NOT t.tgisinternal ORDER BY t.tgname COLLATE "C", c.relname COLLATE "C";
-- Every table is dumped but the slots.
SELECT c.oid::regclass AS not_dumped FROM pg_class AS c
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind IN ('r', 'p') AND c.relname NOT IN ('run_slots', 'tenant_home')
  AND NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'inventory_core' AND c.oid = ANY (e.extconfig));
-- Every object says what it is for: relations and types with each column, functions, policies, triggers, and the indexes that are no constraint.
SELECT c.oid::regclass AS without_comment FROM pg_class AS c
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind NOT IN ('i', 'I', 'c') AND obj_description(c.oid, 'pg_class') IS NULL;
SELECT c.oid::regclass AS relation, a.attname AS without_comment FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind NOT IN ('i', 'I') AND col_description(c.oid, a.attnum) IS NULL
ORDER BY c.relname COLLATE "C", a.attnum;
SELECT c.oid::regclass AS without_comment FROM pg_class AS c
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND c.relkind IN ('i', 'I') AND obj_description(c.oid, 'pg_class') IS NULL
  AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x'));
-- The row types of tables and views are explained by those.
SELECT t.oid::regtype AS without_comment FROM pg_type AS t LEFT JOIN pg_class AS c ON c.oid = t.typrelid
WHERE t.typnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND t.typelem = 0 AND coalesce(c.relkind, 'c') = 'c' AND obj_description(t.oid, 'pg_type') IS NULL;
SELECT p.oid::regprocedure AS without_comment FROM pg_proc AS p WHERE p.pronamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND obj_description(p.oid, 'pg_proc') IS NULL
ORDER BY p.proname COLLATE "C";
SELECT p.polrelid::regclass AS relation, p.polname AS without_comment FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND obj_description(p.oid, 'pg_policy') IS NULL ORDER BY c.relname COLLATE "C", p.polname COLLATE "C";
SELECT t.tgrelid::regclass AS relation, t.tgname AS without_comment FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
WHERE c.relnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND NOT t.tgisinternal AND obj_description(t.oid, 'pg_trigger') IS NULL;
SELECT o.oid::regoperator AS without_comment FROM pg_operator AS o WHERE o.oprnamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND obj_description(o.oid, 'pg_operator') IS NULL;
-- Whatever else the extension may come to hold is none of these kinds, and not covered above.
SELECT DISTINCT d.classid::regclass AS not_looked_at FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'inventory_core'
  AND d.classid NOT IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass, 'pg_namespace'::regclass, 'pg_operator'::regclass);
SELECT obj_description('inventory_core'::regnamespace, 'pg_namespace') IS NULL AS schema_without_comment;

-- The labels of what callers use.
SELECT p.proname, CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
       CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END AS parallel, p.proisstrict AS strict
FROM pg_proc AS p WHERE p.pronamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND p.proname !~ '^_' ORDER BY p.proname COLLATE "C";
