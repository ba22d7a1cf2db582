CREATE FUNCTION inventory_core_internal._check_grant(role regrole, tenant text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._require_owner();
    PERFORM inventory_core_internal._require('role', role IS NOT NULL);
    PERFORM inventory_core_internal._require('tenant', tenant IS NOT NULL);
    IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = role) THEN
        RAISE EXCEPTION 'role does not exist'
            USING ERRCODE = 'undefined_object',
                  DETAIL = format('No role has the OID %s.', role::oid),
                  HINT = 'Pass the name of a role, quoted as in SQL: ''"My App"''.';
    END IF;
    IF tenant <> '*' THEN
        PERFORM inventory_core_internal._check_tenant(tenant);
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._check_grant(regrole, text) IS
    'Raises unless the caller may grant, the role exists and the tenant is valid';

CREATE FUNCTION inventory_core_internal._make_member(role regrole, group_role name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- From PostgreSQL 16 on each membership has its own INHERIT option.
    has_options CONSTANT boolean := current_setting('server_version_num')::integer >= 160000;
BEGIN
    IF NOT has_options AND NOT (SELECT r.rolinherit FROM pg_roles AS r WHERE r.oid = role) THEN
        RAISE EXCEPTION 'role is NOINHERIT'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = format('%s would be a member of %I without having its privileges.', role, group_role),
                  HINT = format('ALTER ROLE %s INHERIT, or grant access to a role that inherits.', role);
    END IF;
    -- A membership through another role does not suffice: it ends when the role leaves that other role.
    -- pg_auth_members has inherit_option since PostgreSQL 16.
    IF (SELECT r.rolsuper FROM pg_roles AS r WHERE r.oid = role)
       OR EXISTS (SELECT FROM pg_auth_members AS m
                  WHERE m.member = role
                    AND pg_get_userbyid(m.roleid) IN (SELECT g.role_name FROM inventory_core_internal._group_roles() AS g)
                    AND pg_has_role(m.roleid, group_role, 'USAGE')
                    AND coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)) THEN
        RETURN;
    END IF;
    IF NOT (pg_has_role(group_role, 'MEMBER WITH ADMIN OPTION')
            OR (SELECT r.rolcreaterole AND NOT has_options FROM pg_roles AS r WHERE r.rolname = current_user)) THEN
        -- Who may not make it a direct member makes do with that.
        IF pg_has_role(role, group_role, 'USAGE') THEN
            RETURN;
        END IF;
        RAISE EXCEPTION 'permission denied to make a role a member of "%"', group_role
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = format('%I does not have ADMIN OPTION on the group roles of inventory_core.', current_user),
                  HINT = format('As a superuser: GRANT inventory_core_reader, inventory_core_writer, inventory_core_maintainer '
                                'TO %I WITH ADMIN OPTION; or GRANT %I TO %s.', current_user, group_role, role);
    END IF;
    EXECUTE format('GRANT %I TO %s', group_role, role) || CASE WHEN has_options THEN ' WITH INHERIT TRUE, SET FALSE' ELSE '' END;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._make_member(regrole, name) IS
    'Makes a role a member of a group role, unless it is one directly or a superuser; a membership in a higher one will do';

CREATE FUNCTION inventory_core_internal._restore_group_privileges() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    lost record;
BEGIN
    FOR lost IN SELECT l.* FROM inventory_core_internal._lost_privileges() AS l LOOP
        EXECUTE format('GRANT %s ON %s TO %I', lost.privileges, lost.object, lost.grantee);
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._restore_group_privileges() IS
    'Grants the group roles the privileges that were revoked from them';

CREATE FUNCTION inventory_core.grant_access(role regrole, tenant text, access text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    group_role name;
BEGIN
    PERFORM inventory_core_internal._check_grant(role, tenant);
    PERFORM inventory_core_internal._require('access', access IS NOT NULL);
    SELECT g.role_name INTO group_role
    FROM inventory_core_internal._group_roles() AS g
    WHERE g.access = grant_access.access;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'invalid value for access'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'It is not one of the three known values.',
                  HINT = 'Use ''reader'', ''writer'' or ''maintainer''.';
    END IF;
    IF EXISTS (SELECT FROM inventory_core_internal._group_roles() AS g WHERE g.role_name = pg_get_userbyid(role)) THEN
        RAISE EXCEPTION 'a group role of inventory_core cannot be granted a tenant'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'Every role with access to any tenant is a member of it, and would have access to this one.',
                  HINT = 'Grant the tenant to the role that needs it.';
    END IF;
    IF pg_get_userbyid(role) = 'pg_database_owner' THEN
        RAISE EXCEPTION 'pg_database_owner cannot be granted a tenant'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'PostgreSQL makes it a member of no other role.',
                  HINT = 'Grant the tenant to the role that owns the database.';
    END IF;
    -- One at a time: two calls could grant the same membership at once.
    LOCK TABLE inventory_core_internal.tenant_grants IN SHARE ROW EXCLUSIVE MODE;
    PERFORM inventory_core_internal._restore_group_privileges();
    PERFORM inventory_core_internal._make_member(role, group_role);
    -- If the role was renamed, its grant under the earlier name would count again under that name.
    DELETE FROM inventory_core_internal.tenant_grants AS g
    WHERE g.tenant_id = tenant AND g.role_oid = role AND g.role_name <> pg_get_userbyid(role);
    INSERT INTO inventory_core_internal.tenant_grants AS g (tenant_id, role_name, role_oid, access, granted_at)
    VALUES (tenant, pg_get_userbyid(role), role, access, inventory_core_internal._now())
    ON CONFLICT ON CONSTRAINT tenant_grants_pkey DO UPDATE
    SET role_oid = excluded.role_oid, access = excluded.access, granted_at = excluded.granted_at;
END
$$;
COMMENT ON FUNCTION inventory_core.grant_access(regrole, text, text) IS
    'Lets a role bind a tenant (* = every tenant) as reader, writer or maintainer; for the owner of the extension';

CREATE FUNCTION inventory_core.revoke_access(role regrole, tenant text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._check_grant(role, tenant);
    -- The membership stays: other tenants, here or in another database, may need it, and by itself it shows no row.
    DELETE FROM inventory_core_internal.tenant_grants AS g
    -- by OID too: the role may have been renamed since
    WHERE g.tenant_id = tenant AND (g.role_name = pg_get_userbyid(role) OR g.role_oid = role);
END
$$;
COMMENT ON FUNCTION inventory_core.revoke_access(regrole, text) IS
    'Deletes the grant of this tenant; for the owner of the extension';
