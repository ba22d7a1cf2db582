-- Three group roles hold the privileges on objects. A row of tenant_grants says which tenant a role may bind. Roles belong to
-- the whole server: another database, or a restored dump, may have created them before.

CREATE FUNCTION inventory_core_internal._group_roles() RETURNS TABLE (role_name name, access text, member_of name)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    VALUES (name 'inventory_core_reader', text 'reader', NULL::name),
           ('inventory_core_writer', 'writer', 'inventory_core_reader'),
           ('inventory_core_maintainer', 'maintainer', 'inventory_core_writer');
END;
COMMENT ON FUNCTION inventory_core_internal._group_roles() IS
    'The three group roles, each a member of the one before it';

CREATE FUNCTION inventory_core_internal._group_role_problems() RETURNS TABLE (role_name name, problem text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT g.role_name, p.problem
    FROM inventory_core_internal._group_roles() AS g
    LEFT JOIN pg_roles AS r ON r.rolname = g.role_name
    CROSS JOIN LATERAL (
        SELECT 'does not exist' WHERE r.oid IS NULL
        UNION ALL
        SELECT 'has an attribute (LOGIN, SUPERUSER, BYPASSRLS, CREATEROLE, CREATEDB or REPLICATION)'
        WHERE r.rolcanlogin OR r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
        UNION ALL
        SELECT format('is not a member of %s that inherits from it', g.member_of)
        WHERE r.oid IS NOT NULL AND g.member_of IS NOT NULL
          AND NOT coalesce(pg_has_role(r.oid, to_regrole(quote_ident(g.member_of)), 'USAGE'), false)
        UNION ALL
        SELECT 'is a member of ' || pg_get_userbyid(m.roleid)
        FROM pg_auth_members AS m
        WHERE m.member = r.oid AND pg_get_userbyid(m.roleid) IS DISTINCT FROM g.member_of
        UNION ALL
        -- shared objects: a database or a tablespace
        SELECT 'owns objects in this database or of the server'
        WHERE EXISTS (SELECT FROM pg_shdepend AS d
                      LEFT JOIN pg_database AS b ON b.oid = d.dbid
                      WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype = 'o'
                        AND (d.dbid = 0 OR b.datname = current_database()))) AS p (problem);
END;
COMMENT ON FUNCTION inventory_core_internal._group_role_problems() IS
    'How the group roles differ from what the extension creates; no row if they do not';

DO $$
DECLARE
    wanted record;
    wrong record;
BEGIN
    FOR wanted IN SELECT * FROM inventory_core_internal._group_roles() LOOP
        -- In a separate block: another database may create the role at the same time.
        BEGIN
            IF to_regrole(quote_ident(wanted.role_name)) IS NULL THEN
                EXECUTE format('CREATE ROLE %I', wanted.role_name);
                IF wanted.member_of IS NOT NULL THEN
                    EXECUTE format('GRANT %I TO %I', wanted.member_of, wanted.role_name);
                END IF;
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL;
        END;
    END LOOP;
    SELECT * INTO wrong FROM inventory_core_internal._group_role_problems() ORDER BY role_name LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'role "%" cannot serve as a group role of inventory_core', wrong.role_name
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = format('The role %s.', wrong.problem),
                  HINT = 'Rename or drop the role, or make it what the extension creates: NOLOGIN, no attributes, owning nothing, '
                         'inventory_core_writer a member of inventory_core_reader alone, inventory_core_maintainer of '
                         'inventory_core_writer alone.';
    END IF;
END
$$;
