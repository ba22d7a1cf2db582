-- All that the catalogues say of the extension, as (object, what it is like) with names in the place of numbers. Two
-- databases with the same rows were made the same, whichever way.
WITH schema AS (
    SELECT n.oid FROM pg_namespace AS n WHERE n.nspname IN ('inventory_core', 'inventory_core_internal')
), member AS (
    SELECT d.classid, d.objid, d.objsubid, pg_describe_object(d.classid, d.objid, d.objsubid) AS object
    FROM pg_depend AS d
    JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
    WHERE e.extname = 'inventory_core' AND d.deptype = 'e'
), relation AS (
    SELECT c.* FROM pg_class AS c WHERE c.relnamespace IN (SELECT oid FROM schema)
), routine AS (
    SELECT p.* FROM pg_proc AS p WHERE p.pronamespace IN (SELECT oid FROM schema)
)
SELECT 'member ' || m.object, NULL FROM member AS m
UNION ALL
SELECT 'schema ' || n.nspname, n.nspacl::text FROM pg_namespace AS n WHERE n.oid IN (SELECT oid FROM schema)
UNION ALL
SELECT 'dumped ' || c.table_oid::regclass, c.condition
FROM pg_extension AS e, unnest(e.extconfig, e.extcondition) AS c (table_oid, condition) WHERE e.extname = 'inventory_core'
UNION ALL
SELECT 'relation ' || r.oid::regclass,
       concat_ws(' ', r.relkind, r.relpersistence, r.relreplident, r.relrowsecurity, r.relforcerowsecurity,
                 (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(r.reloptions) AS o),
                 (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(r.relacl) AS a))
FROM relation AS r
UNION ALL
SELECT 'view ' || r.oid::regclass, pg_get_viewdef(r.oid) FROM relation AS r WHERE r.relkind = 'v'
UNION ALL
SELECT 'column ' || r.oid::regclass || '.' || a.attname,
       concat_ws(' ', dense_rank() OVER (PARTITION BY r.oid ORDER BY a.attnum), format_type(a.atttypid, a.atttypmod),
                 nullif(a.attcollation, 0)::regcollation, a.attnotnull, a.attidentity, a.attgenerated, a.attstorage,
                 a.attcompression, a.attstattarget, a.attacl,
                 -- a number that newer minor releases count up themselves
                 (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(a.attoptions) AS o WHERE o !~ '^pg_attver='),
                 pg_get_expr(d.adbin, d.adrelid))
FROM relation AS r
JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE r.relkind IN ('r', 'p', 'v', 'c')
UNION ALL
SELECT 'constraint ' || k.conname || ' of ' || k.conrelid::regclass,
       concat_ws(' ', pg_get_constraintdef(k.oid), k.convalidated, k.condeferrable, k.condeferred, k.connoinherit)
FROM pg_constraint AS k WHERE k.connamespace IN (SELECT oid FROM schema)
UNION ALL
SELECT 'index ' || i.indexrelid::regclass,
       concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered, i.indisreplident)
FROM pg_index AS i JOIN relation AS r ON r.oid = i.indexrelid
UNION ALL
SELECT 'trigger ' || t.tgname || ' of ' || t.tgrelid::regclass, concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled)
FROM pg_trigger AS t JOIN relation AS r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'rule ' || u.rulename || ' of ' || u.ev_class::regclass, pg_get_ruledef(u.oid)
FROM pg_rewrite AS u JOIN relation AS r ON r.oid = u.ev_class AND r.relkind <> 'v'
UNION ALL
SELECT 'policy ' || p.policyname || ' of ' || p.schemaname || '.' || p.tablename,
       concat_ws(' ', p.permissive, p.roles, p.cmd, p.qual, 'CHECK', p.with_check)
FROM pg_policies AS p WHERE p.schemaname IN ('inventory_core', 'inventory_core_internal')
UNION ALL
SELECT 'routine ' || p.oid::regprocedure, pg_get_functiondef(p.oid) FROM routine AS p WHERE p.prokind IN ('f', 'p')
UNION ALL
SELECT 'routine ' || p.oid::regprocedure,
       concat_ws(' ', p.prokind, p.probin, p.proconfig, p.prosecdef, p.proleakproof,
                 (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(p.proacl) AS a))
FROM routine AS p
UNION ALL
SELECT 'type ' || t.oid::regtype, concat_ws(' ', t.typtype, t.typacl)
FROM pg_type AS t WHERE t.typnamespace IN (SELECT oid FROM schema)
UNION ALL
SELECT 'group role ' || g.rolname,
       concat_ws(' ', g.rolcanlogin, g.rolsuper, g.rolbypassrls, g.rolcreaterole, g.rolcreatedb, g.rolreplication, g.rolinherit,
                 (SELECT string_agg(m.roleid::regrole::text, ',' ORDER BY m.roleid::regrole::text)
                  FROM pg_auth_members AS m WHERE m.member = g.oid))
FROM pg_roles AS g WHERE g.rolname ~ '^inventory_core_'
UNION ALL
-- what pg_dump takes for given, and so does not dump
SELECT 'privileges at first of ' || pg_describe_object(i.classoid, i.objoid, i.objsubid),
       (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(i.initprivs) AS a)
FROM pg_init_privs AS i JOIN member AS m ON m.classid = i.classoid AND m.objid = i.objoid
UNION ALL
SELECT 'comment on ' || pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description
FROM pg_description AS d
WHERE (d.classoid, d.objoid) IN (
    SELECT classid, objid FROM member
    UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE connamespace IN (SELECT oid FROM schema)
    UNION ALL SELECT 'pg_class'::regclass, oid FROM relation
    UNION ALL SELECT 'pg_trigger'::regclass, t.oid FROM pg_trigger AS t JOIN relation AS r ON r.oid = t.tgrelid
    UNION ALL SELECT 'pg_policy'::regclass, p.oid FROM pg_policy AS p JOIN relation AS r ON r.oid = p.polrelid)
ORDER BY 1, 2
