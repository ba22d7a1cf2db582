-- Commands on the other nodes of a Citus cluster. Citus connects as the current user and runs each command in a transaction of its own.

CREATE FUNCTION inventory_core_internal._run_on_other_nodes(command text)
RETURNS TABLE (node text, success boolean, result text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE
        'SELECT format(''%s:%s'', r.node_name, r.node_port), r.success, r.result
         FROM (SELECT array_agg(n.nodename ORDER BY n.nodeid) AS names, array_agg(n.nodeport ORDER BY n.nodeid) AS ports,
                      array_agg($1 ORDER BY n.nodeid) AS commands
               FROM pg_dist_node AS n
               WHERE n.noderole = ''primary'' AND n.isactive AND n.groupid <> (SELECT l.groupid FROM pg_dist_local_group AS l)) AS n
         CROSS JOIN LATERAL master_run_on_worker(n.names, n.ports, n.commands, false) AS r
         WHERE n.names IS NOT NULL'
        USING command;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._run_on_other_nodes(text) IS
    'Runs a command on every other node of Citus; what each said';

CREATE FUNCTION inventory_core_internal._on_other_nodes(command text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    failed text;
BEGIN
    SELECT string_agg(format('%s: %s', r.node, r.result), '; ' ORDER BY r.node) INTO failed
    FROM inventory_core_internal._run_on_other_nodes(
        -- in one column: Citus wants no more
        regexp_replace(command, '^SELECT (.*)$',
                       'SELECT pg_catalog.concat(pg_catalog.set_config(''citus.enable_ddl_propagation'', ''off'', true), \1)')) AS r
    WHERE NOT r.success;
    IF failed IS NOT NULL THEN
        RAISE EXCEPTION 'the command failed on other nodes'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = failed,
                  HINT = 'It may have succeeded on the rest of them. Repeat the call when all nodes answer.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._on_other_nodes(text) IS
    'Runs a command on every other node of Citus, which repeats it nowhere; raises 55000 naming the nodes where it failed';

CREATE FUNCTION inventory_core_internal._rows_of_other_nodes(call text) RETURNS TABLE (node text, rows json)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    answer record;
BEGIN
    FOR answer IN
        SELECT r.node, r.success, r.result
        FROM inventory_core_internal._run_on_other_nodes(
            format('SELECT coalesce(jsonb_agg(to_jsonb(f)), ''[]'') FROM (SELECT * FROM %s) AS f', call)) AS r
    LOOP
        node := answer.node;
        IF answer.success THEN
            SELECT coalesce(json_agg(CASE WHEN e.row ? 'check_name'
                                          THEN e.row || jsonb_build_object('detail', format('%s: %s', node, e.row ->> 'detail'))
                                          ELSE e.row END), '[]')
            INTO rows
            FROM jsonb_array_elements(answer.result::jsonb) AS e (row);
        ELSIF call LIKE '%.doctor(%' THEN
            rows := json_build_array(json_build_object(
                'check_name', 'node', 'ok', false, 'detail', format('%s: %s', node, answer.result),
                'hint', 'See whether the node runs, and whether the current role can log in there.'));
        ELSE
            RAISE EXCEPTION 'the rows of another node cannot be read'
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      DETAIL = format('%s: %s', node, answer.result),
                      HINT = 'Repeat the call when all nodes answer.';
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._rows_of_other_nodes(text) IS
    'The rows that a function returns on every other node of Citus; only doctor goes on if a node does not answer';

CREATE FUNCTION inventory_core_internal._on_node(node_name text, node_port integer, command text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    answer record;
BEGIN
    EXECUTE 'SELECT r.success, r.result FROM master_run_on_worker(ARRAY[$1], ARRAY[$2], ARRAY[$3], false) AS r'
    INTO answer USING node_name, node_port, command;
    IF NOT answer.success THEN
        RAISE EXCEPTION 'the command failed on node %:%', node_name, node_port
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = answer.result,
                  HINT = 'Repeat the call when all nodes answer.';
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._on_node(text, integer, text) IS
    'Runs a command on one other node of Citus; raises 55000 if it failed';
