CREATE FUNCTION inventory_core_internal._check_distribute(shard_count integer) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_coordinator boolean;
    is_distributed boolean;
BEGIN
    PERFORM inventory_core_internal._require_owner();
    PERFORM inventory_core_internal._require('shard_count', shard_count IS NOT NULL);
    IF shard_count NOT BETWEEN 1 AND 64000 THEN
        RAISE EXCEPTION 'invalid value for shard_count'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('It is %s.', shard_count),
                  HINT = 'Use a count from 1 to 64000; twice the number of nodes that you may ever have is enough.';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'citus') THEN
        RAISE EXCEPTION 'Citus is not installed in this database'
            USING ERRCODE = 'feature_not_supported',
                  DETAIL = 'distribute() places tenants on the nodes of a Citus cluster.',
                  HINT = 'A single server, or several plain servers, need no distribute(): see docs/scaling.md.';
    END IF;
    EXECUTE 'SELECT citus_is_coordinator(), EXISTS (SELECT FROM pg_dist_partition AS p WHERE p.logicalrelid = $1)'
    INTO is_coordinator, is_distributed
    USING 'inventory_core_internal.tenant_home'::regclass;
    IF NOT is_coordinator THEN
        RAISE EXCEPTION 'distribute() must be called at the coordinator'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'This node is a worker.',
                  HINT = 'Connect to the coordinator of the Citus cluster.';
    END IF;
    IF NOT is_distributed
       AND (EXISTS (SELECT FROM inventory_core_internal.selections) OR EXISTS (SELECT FROM inventory_core_internal.tenants)) THEN
        RAISE EXCEPTION 'this node has rows of tenants'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'distribute() moves no rows, and most tenants get another node than this one.',
                  HINT = 'Call it in a new cluster, and move the tenants there (docs/scaling.md).';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._check_distribute(integer) IS 'Raises unless distribute() can be called here';

CREATE FUNCTION inventory_core_internal._distribute_tenants(shard_count integer) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE 'SELECT create_distributed_table($1, ''tenant_id'', colocate_with => ''none'', shard_count => $2)
             WHERE NOT EXISTS (SELECT FROM pg_dist_partition AS p WHERE p.logicalrelid = $1)'
    USING 'inventory_core_internal.tenant_home'::regclass, shard_count;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._distribute_tenants(integer) IS 'Distributes the table tenant_home';

CREATE FUNCTION inventory_core_internal._distribute_functions() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    function regprocedure;
BEGIN
    FOR function IN
        SELECT to_regprocedure(format('inventory_core_internal.%I(%s)', p.proname,
                                      inventory_core_internal._passed_arguments(p.oid, '%s')))
        FROM inventory_core_internal._forwarded_functions() AS w
        JOIN pg_proc AS p ON p.oid = w.function
        WHERE w.kind = 'tenant'
    LOOP
        EXECUTE 'SELECT create_distributed_function($1, ''tenant'', colocate_with => $2, force_delegation => true)'
        USING function, 'inventory_core_internal.tenant_home';
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._distribute_functions() IS
    'Tells Citus that calls of these functions run on the node of their tenant';

CREATE FUNCTION inventory_core_internal._add_ranges(lo integer[], hi integer[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM inventory_core_internal._require_owner();
    INSERT INTO inventory_core_internal.home_ranges (lo, hi)
    SELECT r.lo, r.hi FROM unnest(lo, hi) AS r (lo, hi)
    UNION
    -- A node without tenants.
    SELECT 0, -1
    ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._add_ranges(integer[], integer[]) IS
    'Adds ranges of tenants whose rows are on this node';

-- A range that a node has already stays there: Citus may have moved the empty shard since, but the rows are where they were.
CREATE FUNCTION inventory_core_internal._spread_ranges() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    taken jsonb;
    node record;
BEGIN
    SELECT jsonb_agg(r.range) INTO taken
    FROM (SELECT to_jsonb(h) FROM inventory_core_internal.home_ranges AS h
          UNION
          SELECT e.range
          FROM inventory_core_internal._rows_of_other_nodes('inventory_core_internal.home_ranges') AS n
          CROSS JOIN LATERAL jsonb_array_elements(n.rows::jsonb) AS e (range)) AS r (range);
    FOR node IN EXECUTE
        'SELECT n.nodename, n.nodeport, n.groupid = (SELECT l.groupid FROM pg_dist_local_group AS l) AS is_here,
                array_agg(s.lo) FILTER (WHERE s.lo IS NOT NULL) AS lo, array_agg(s.hi) FILTER (WHERE s.lo IS NOT NULL) AS hi
         FROM pg_dist_node AS n
         LEFT JOIN (SELECT p.groupid, d.shardminvalue::integer AS lo, d.shardmaxvalue::integer AS hi
                    FROM pg_dist_shard AS d
                    JOIN pg_dist_placement AS p ON p.shardid = d.shardid
                    WHERE d.logicalrelid = $1) AS s
             ON s.groupid = n.groupid AND NOT coalesce($2, ''[]'') @> jsonb_build_array(jsonb_build_object(''lo'', s.lo, ''hi'', s.hi))
         WHERE n.noderole = ''primary'' AND n.isactive
         GROUP BY n.nodeid, n.nodename, n.nodeport, n.groupid'
        USING 'inventory_core_internal.tenant_home'::regclass, taken
    LOOP
        IF node.is_here THEN
            PERFORM inventory_core_internal._add_ranges(coalesce(node.lo, '{}'), coalesce(node.hi, '{}'));
        ELSE
            PERFORM inventory_core_internal._on_node(node.nodename, node.nodeport, format(
                'SELECT inventory_core_internal._add_ranges(%L::integer[], %L::integer[])',
                coalesce(node.lo, '{}'), coalesce(node.hi, '{}')));
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._spread_ranges() IS
    'Gives each node the ranges of its shards, except those that a node has already';

CREATE FUNCTION inventory_core_internal._spread_settings() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    command text;
BEGIN
    FOR command IN
        SELECT format('SELECT inventory_core_internal.grant_access(%L::regrole, %L, %L)',
                      quote_ident(g.role_name), g.tenant_id, g.access)
        FROM inventory_core_internal.tenant_grants AS g
        JOIN pg_roles AS r ON r.oid = g.role_oid AND r.rolname = g.role_name
        UNION ALL
        SELECT format('SELECT inventory_core_internal.allow_meta(%L, %L)', w.policy_type, w.key)
        FROM inventory_core_internal.meta_whitelist AS w
        UNION ALL
        SELECT format('SELECT inventory_core_internal.set_tenant_limit(%L, %s)', l.tenant_id, l.max_running_runs)
        FROM inventory_core_internal.tenant_limits AS l
    LOOP
        PERFORM inventory_core_internal._on_other_nodes(command);
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._spread_settings() IS
    'Repeats the grants, the whitelist and the limits of tenants of this node on the others';

-- It commits in between, because a node learns what is distributed when the transaction commits. See maintain for the names.
CREATE PROCEDURE inventory_core.distribute(shard_count integer DEFAULT 32)
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM inventory_core_internal._check_distribute(shard_count);
    PERFORM inventory_core_internal._distribute_tenants(shard_count);
    COMMIT;
    PERFORM inventory_core_internal._on_other_nodes('SELECT inventory_core_internal._forward_calls()');
    PERFORM inventory_core_internal._forward_calls();
    COMMIT;
    PERFORM inventory_core_internal._distribute_functions();
    COMMIT;
    PERFORM inventory_core_internal._spread_ranges();
    COMMIT;
    PERFORM inventory_core_internal._spread_settings();
    COMMIT;
END
$$;
COMMENT ON PROCEDURE inventory_core.distribute(integer) IS
    'Places tenants on the nodes of a Citus cluster; for the owner of the extension, at the coordinator; may be repeated';
