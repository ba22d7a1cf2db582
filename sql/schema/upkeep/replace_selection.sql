CREATE FUNCTION inventory_core.replace_selection(tenant text, selection_hash text, selection jsonb) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    old_hash CONSTANT text := selection_hash;
    new_hash text;
BEGIN
    PERFORM inventory_core_internal._begin_write(tenant, 'maintainer');
    PERFORM inventory_core_internal._begin_read(tenant, old_hash);
    PERFORM inventory_core_internal._require('selection', replace_selection.selection IS NOT NULL);
    IF jsonb_typeof(replace_selection.selection) <> 'object' THEN
        RAISE EXCEPTION 'invalid argument of replace_selection'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('Argument selection: it is of type %s.', jsonb_typeof(replace_selection.selection)),
                  HINT = 'selection is a JSON object, as for inventory_core.start_run.';
    END IF;
    new_hash := inventory_core.selection_hash(replace_selection.selection);
    PERFORM inventory_core_internal._lock_selection_alone(tenant, old_hash, new_hash);
    IF EXISTS (SELECT FROM inventory_core_internal.selections AS s
               WHERE s.tenant_id = tenant AND s.selection_hash = new_hash) THEN
        RAISE EXCEPTION 'the new selection already had a run'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'The evidence of two selections cannot be joined.',
                  HINT = 'Call inventory_core.forget_selection for one of the two.';
    END IF;

    -- The cursor stays behind: it belongs to the old list.
    INSERT INTO inventory_core_internal.selections
        (tenant_id, selection_hash, selection, first_run_at, refused_count, last_refused_reason, last_refused_at)
    SELECT s.tenant_id, new_hash, replace_selection.selection, s.first_run_at, s.refused_count, s.last_refused_reason,
           s.last_refused_at
    FROM inventory_core_internal.selections AS s
    WHERE s.tenant_id = tenant AND s.selection_hash = old_hash;
    UPDATE inventory_core_internal.sync_runs AS r SET selection_hash = new_hash
    WHERE r.tenant_id = tenant AND r.selection_hash = old_hash;
    UPDATE inventory_core_internal.last_seen AS l SET selection_hash = new_hash
    WHERE l.tenant_id = tenant AND l.selection_hash = old_hash;
    UPDATE inventory_core_internal.presence AS p SET selection_hash = new_hash
    WHERE p.tenant_id = tenant AND p.selection_hash = old_hash;
    UPDATE inventory_core_internal.selection_types AS t SET selection_hash = new_hash
    WHERE t.tenant_id = tenant AND t.selection_hash = old_hash;
    UPDATE inventory_core_internal.type_counts AS c SET selection_hash = new_hash
    WHERE c.tenant_id = tenant AND c.selection_hash = old_hash;
    UPDATE inventory_core_internal.pruned_runs AS p SET selection_hash = new_hash
    WHERE p.tenant_id = tenant AND p.selection_hash = old_hash;
    UPDATE inventory_core_internal.removals AS d SET selection_hash = new_hash
    WHERE d.tenant_id = tenant AND d.selection_hash = old_hash;
    UPDATE inventory_core_internal.removed_items AS d SET selection_hash = new_hash
    WHERE d.tenant_id = tenant AND d.selection_hash = old_hash;
    -- So that all changes of the selection are told under the same hash, in their order.
    UPDATE inventory_core_internal.feed_entries AS e SET selection_hash = new_hash
    WHERE e.tenant_id = tenant AND e.selection_hash = old_hash AND e.event IN ('missing', 'reappeared');
    UPDATE inventory_core_internal.refusals AS f SET selection_hash = new_hash, selection = replace_selection.selection
    WHERE f.tenant_id = tenant AND f.selection_hash = old_hash;
    DELETE FROM inventory_core_internal.selections AS s WHERE s.tenant_id = tenant AND s.selection_hash = old_hash;
    PERFORM inventory_core_internal._add_event(tenant, 'replaced', NULL, new_hash, old_hash);
    RETURN new_hash;
END
$$;
COMMENT ON FUNCTION inventory_core.replace_selection(text, text, jsonb) IS
    'Continues a selection under another JSON: runs and evidence get the new hash, which is returned; the cursor is dropped';
