-- Calls on the nodes of a Citus cluster. A single server has none of this: distribute() moves each public function that
-- concerns a tenant, or every node, to inventory_core_internal, and puts in its place a function of the same name that calls it
-- where it has to run. These functions differ in their signatures alone, so they are generated.

-- SQL-standard bodies and PL/pgSQL alike; VARIADIC is needed to pass an array on.
CREATE FUNCTION inventory_core_internal._passed_arguments(function oid, form text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(string_agg(CASE WHEN a.nth = p.pronargs AND p.provariadic <> 0 AND form <> '%s' THEN 'VARIADIC ' ELSE '' END
                               || CASE form WHEN '$' THEN '$' || a.nth ELSE format(form, format_type(a.type, NULL)) END,
                               ', ' ORDER BY a.nth), '')
    FROM pg_proc AS p
    CROSS JOIN LATERAL unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (type, nth)
    WHERE p.oid = function;
END;
COMMENT ON FUNCTION inventory_core_internal._passed_arguments(oid, text) IS
    'The arguments of a function as a list: $1, $2 for the form $; else each type in that form, %s for a signature';

CREATE FUNCTION inventory_core_internal._forwarded_functions()
RETURNS TABLE (function oid, kind text, is_forwarding boolean)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.oid, k.kind, starts_with(p.prosrc, '/* forwards */')
    FROM pg_proc AS p
    CROSS JOIN LATERAL (
        SELECT CASE WHEN p.proname IN ('grant_access', 'revoke_access', 'allow_meta', 'disallow_meta', 'set_tenant_limit')
                        THEN 'every node'
                    WHEN p.proname = 'maintain' THEN 'procedure'
                    WHEN p.proname IN ('doctor', 'metrics', 'stale_selections', 'tenants') THEN 'rows of every node'
                    WHEN p.proname <> 'set_tenant' AND p.provolatile <> 'i' AND p.proargnames[1] = 'tenant' THEN 'tenant' END)
        AS k (kind)
    WHERE p.pronamespace = 'inventory_core'::regnamespace AND k.kind IS NOT NULL;
END;
COMMENT ON FUNCTION inventory_core_internal._forwarded_functions() IS
    'Public functions that must run on the node of their tenant, or on every node; whether a generated one is in their place';

CREATE FUNCTION inventory_core_internal._forwarding_body(function oid, kind text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    p pg_proc := (SELECT p FROM pg_proc AS p WHERE p.oid = function);
    arguments CONSTANT text := inventory_core_internal._passed_arguments(function, '$');
    call CONSTANT text := format('inventory_core_internal.%I(%s)', p.proname, arguments);
    literals CONSTANT text := inventory_core_internal._passed_arguments(function, '%%L::%s');
    remote_call CONSTANT text := format('format(%L%s)', format('inventory_core_internal.%I(%s)', p.proname, literals),
                                        CASE WHEN p.pronargs > 0 THEN ', ' || replace(arguments, 'VARIADIC ', '') ELSE '' END);
    is_void CONSTANT boolean := p.prorettype = 'void'::regtype;
    returns_one CONSTANT boolean := NOT p.proretset AND NOT is_void;
BEGIN
    IF kind = 'every node' THEN
        RETURN format($body$
            BEGIN
                -- Citus would repeat the GRANT of a role on the other nodes, and the commands there would wait for it.
                PERFORM set_config('citus.enable_ddl_propagation', 'off', true);
                PERFORM %s;
                PERFORM inventory_core_internal._on_other_nodes('SELECT ' || %s);
            END$body$, call, remote_call);
    ELSIF kind = 'procedure' THEN
        RETURN format($body$
            BEGIN
                CALL %s;
                PERFORM inventory_core_internal._on_other_nodes(pg_catalog.concat('CALL ', pg_catalog.%s));
            END$body$, call, remote_call);
    ELSIF kind = 'rows of every node' THEN
        RETURN format($body$
            #variable_conflict use_column
            BEGIN
                RETURN QUERY SELECT * FROM %s;
                RETURN QUERY
                SELECT r.* FROM inventory_core_internal._rows_of_other_nodes(%s) AS n
                CROSS JOIN LATERAL json_to_recordset(n.rows) AS r (%s);
            END$body$, call, remote_call,
            CASE WHEN p.proargmodes IS NULL THEN format('%I %s', p.proname, format_type(p.prorettype, NULL))
                 ELSE (SELECT string_agg(format('%I %s', a.name, format_type(a.type, NULL)), ', ' ORDER BY a.nth)
                       FROM unnest(p.proargnames, p.proallargtypes, p.proargmodes) WITH ORDINALITY AS a (name, type, mode, nth)
                       WHERE a.mode = 't') END);
    END IF;
    -- Citus runs it where the tenant is, if the planner knows its name: EXECUTE plans with the values.
    RETURN format($body$
            #variable_conflict use_column
            %s
            BEGIN
                IF $1 IS NULL OR (SELECT h.includes_tenant FROM inventory_core_internal._home_range($1) AS h) THEN
                    %s %s;
                ELSE
                    %s EXECUTE %L %s;
                END IF;
                %s
            END$body$,
        CASE WHEN returns_one THEN format('DECLARE result %s;', format_type(p.prorettype, NULL)) END,
        CASE WHEN p.proretset THEN 'RETURN QUERY SELECT * FROM' WHEN is_void THEN 'PERFORM' ELSE 'SELECT * INTO result FROM' END,
        call,
        CASE WHEN p.proretset THEN 'RETURN QUERY' END,
        'SELECT * FROM ' || call,
        CASE WHEN returns_one THEN 'INTO result ' ELSE '' END || 'USING ' || arguments,
        CASE WHEN returns_one THEN 'RETURN result;' END);
END
$$;
COMMENT ON FUNCTION inventory_core_internal._forwarding_body(oid, text) IS
    'The body of the function that distribute() puts in the place of a public one';

CREATE FUNCTION inventory_core_internal._forward_calls() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    f record;
    replaced regprocedure;
    generated text;
    grantee regrole;
BEGIN
    PERFORM inventory_core_internal._require_owner();
    -- Every node does this by itself.
    PERFORM set_config('citus.enable_ddl_propagation', 'off', true);
    FOR f IN
        SELECT w.function, w.kind, p.proname, p.provolatile, p.proacl, p.prosrc,
               CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS is_a,
               pg_get_function_identity_arguments(p.oid) AS identity, pg_get_function_arguments(p.oid) AS arguments,
               pg_get_function_result(p.oid) AS result, obj_description(p.oid, 'pg_proc') AS comment
        FROM inventory_core_internal._forwarded_functions() AS w
        JOIN pg_proc AS p ON p.oid = w.function
        WHERE NOT w.is_forwarding
    LOOP
        generated := format('inventory_core.%I(%s)', f.proname, f.identity);
        -- An upgrade of the extension replaces a generated function by a new version of what it calls.
        replaced := to_regprocedure(format('inventory_core_internal.%I(%s)', f.proname,
                                           inventory_core_internal._passed_arguments(f.function, '%s')));
        IF replaced IS NOT NULL THEN
            EXECUTE format('ALTER EXTENSION inventory_core DROP %s %s', f.is_a, replaced);
            EXECUTE format('DROP %s %s', f.is_a, replaced);
        END IF;
        EXECUTE format('ALTER %s %s SET SCHEMA inventory_core_internal', f.is_a, generated);
        EXECUTE format('CREATE %s inventory_core.%I(%s) %s LANGUAGE plpgsql %s AS %L', f.is_a, f.proname, f.arguments,
            'RETURNS ' || f.result,
            CASE WHEN f.is_a = 'FUNCTION' THEN
                CASE f.provolatile WHEN 's' THEN 'STABLE' ELSE 'VOLATILE' END
                || ' PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp' END,
            '/* forwards */' || inventory_core_internal._forwarding_body(f.function, f.kind));
        EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC', f.is_a, generated);
        FOR grantee IN SELECT a.grantee FROM aclexplode(f.proacl) AS a JOIN pg_roles AS r ON r.oid = a.grantee LOOP
            EXECUTE format('GRANT EXECUTE ON %s %s TO %s', f.is_a, generated, grantee);
        END LOOP;
        EXECUTE format('COMMENT ON %s %s IS %L', f.is_a, generated, f.comment);
        EXECUTE format('ALTER EXTENSION inventory_core ADD %s %s', f.is_a, generated);
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._forward_calls() IS
    'Puts generated functions in the place of those that must run on the node of their tenant, or on every node; on this node';
