CREATE FUNCTION inventory_core_internal._maintained_tenants() RETURNS text[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenants text[];
BEGIN
    IF inventory_core.current_tenant() IS NOT NULL THEN
        RAISE EXCEPTION 'a tenant is bound to this transaction'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'maintain binds one tenant after another, each in a separate transaction.',
                  HINT = 'Call it outside a transaction.';
    END IF;
    IF (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user)
       OR (SELECT u.grant_access = 'maintainer' FROM inventory_core_internal._usable_grant('*') AS u) THEN
        tenants := inventory_core_internal._every_tenant();
    ELSE
        SELECT array_agg(g ORDER BY g) INTO tenants
        FROM inventory_core.granted_tenants() AS g
        WHERE g <> '*' AND (SELECT u.grant_access FROM inventory_core_internal._usable_grant(g) AS u) = 'maintainer';
    END IF;
    -- On a node of Citus: those that are here.
    RETURN ARRAY(SELECT t.name FROM unnest(tenants) WITH ORDINALITY AS t (name, nth)
                 CROSS JOIN LATERAL inventory_core_internal._home_range(t.name) AS h
                 WHERE h.includes_tenant ORDER BY t.nth);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._maintained_tenants() IS 'The tenants to which the caller has maintainer access';

CREATE FUNCTION inventory_core_internal._maintain_step(
    tenant text, keep interval, keep_last integer, OUT has_more boolean, OUT failed boolean)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    sqlstate_of text;
    message text;
BEGIN
    has_more := false;
    failed := false;
    PERFORM inventory_core_internal._begin_write(tenant, 'maintainer');
    PERFORM inventory_core_internal._lock_shared('tenant', ''), inventory_core_internal._lock_shared('items', '');
    PERFORM inventory_core_internal._reap(tenant, 100);
    PERFORM inventory_core_internal._fold_into_tenant(tenant);
    PERFORM inventory_core_internal._try_number_waiting(tenant);
    has_more := inventory_core_internal._prune(tenant, inventory_core_internal._time_before(keep), keep_last,
                                      inventory_core_internal._prune_step_size()) > 0;
EXCEPTION
    WHEN others THEN
        GET STACKED DIAGNOSTICS sqlstate_of = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
        has_more := false;
        failed := true;
        RAISE WARNING 'maintain left tenant % as it was: %', tenant, message
            USING ERRCODE = sqlstate_of,
                  DETAIL = 'maintain continues with the other tenants.',
                  HINT = 'Call reap_expired_runs and prune_runs for this tenant to see the whole error.';
END
$$;
COMMENT ON FUNCTION inventory_core_internal._maintain_step(text, interval, integer) IS
    'One transaction of maintain: reaps, and prunes at most one step; a failure is a warning';

CREATE FUNCTION inventory_core_internal._raise_maintain_failed(tenants text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF cardinality(tenants) > 0 THEN
        RAISE EXCEPTION 'maintain failed for some tenants'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = format('These are unchanged: %s. The others are done and committed.',
                                  array_to_string(tenants, ', ')),
                  HINT = 'See the warning for each of them.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._raise_maintain_failed(text[]) IS
    'Raises 55000 if maintain failed for some tenants';

-- A procedure that commits cannot have a SET clause, so its names, types and operators are looked up on the
-- caller's path. It therefore uses no operators, qualifies all names, and calls functions with a SET clause.
CREATE PROCEDURE inventory_core.maintain(keep interval DEFAULT '90 days', keep_last integer DEFAULT 10)
LANGUAGE plpgsql
AS $$
DECLARE
    tenants pg_catalog.text[];
    tenant pg_catalog.text;
    has_more pg_catalog.bool;
    has_failed pg_catalog.bool;
    failed pg_catalog.text[] := '{}';
BEGIN
    PERFORM inventory_core_internal._check_prune(keep, keep_last);
    tenants := inventory_core_internal._maintained_tenants();
    FOREACH tenant IN ARRAY tenants LOOP
        LOOP
            SELECT s.has_more, s.failed INTO has_more, has_failed
            FROM inventory_core_internal._maintain_step(tenant, keep, keep_last) AS s;
            COMMIT;
            EXIT WHEN has_more IS NOT TRUE;
        END LOOP;
        IF has_failed THEN
            failed := pg_catalog.array_append(failed, tenant);
        END IF;
    END LOOP;
    PERFORM inventory_core_internal._raise_maintain_failed(failed);
END
$$;
COMMENT ON PROCEDURE inventory_core.maintain(interval, integer) IS
    'Reaps and prunes every tenant to which the caller has maintainer access, and commits after each';
