CREATE FUNCTION inventory_core_internal._runs(run_id uuid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM inventory_core_internal.sync_runs AS r
                   WHERE r.tenant_id = inventory_core_internal._readable_tenant() AND r.run_id = _runs.run_id
                     AND r.status = 'running');
END;
COMMENT ON FUNCTION inventory_core_internal._runs(uuid) IS 'Whether a run of the bound tenant is running; for the policies of run_slots';

CREATE FUNCTION inventory_core_internal._may_be_called(run_id uuid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM inventory_core_internal.sync_runs AS r
                   WHERE r.tenant_id = inventory_core_internal._readable_tenant() AND r.run_id = _may_be_called.run_id)
        OR NOT EXISTS (SELECT FROM inventory_core_internal.run_slots AS s WHERE s.run_id = _may_be_called.run_id)
           AND NOT EXISTS (SELECT FROM inventory_core_internal.slot_leases AS l WHERE l.run_id = _may_be_called.run_id);
END;
COMMENT ON FUNCTION inventory_core_internal._may_be_called(uuid) IS
    'Whether a run id is the bound tenant''s own, or no slot shows it as another''s; for the policies of sync_runs';

CREATE FUNCTION inventory_core_internal._may_hold_slot(run_id uuid, expires_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM inventory_core_internal.sync_runs AS r
                   WHERE r.tenant_id = inventory_core_internal._readable_tenant() AND r.run_id = _may_hold_slot.run_id
                     AND r.status = 'running' AND expires_at <= inventory_core_internal._slot_end(r, inventory_core_internal._now()));
END;
COMMENT ON FUNCTION inventory_core_internal._may_hold_slot(uuid, timestamptz) IS
    'Whether a running run of the bound tenant may hold a slot for so long; for the policies of run_slots';

CREATE FUNCTION inventory_core_internal._is_old_lease(expires_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT expires_at <= inventory_core_internal._now() - interval '1 day';
END;
COMMENT ON FUNCTION inventory_core_internal._is_old_lease(timestamptz) IS
    'Whether a sign of life is long over: its run is dead, or was removed by hand; for the policies of slot_leases';

-- The second fence (every statement names its tenant itself). The policies ask the library and not
-- current_setting, which a session could make up before the library is loaded; as a subselect the
-- question is asked once a query. The restrictive twin keeps the fence closed where somebody adds a
-- permissive policy. It compares the other way round, so that the planner sees two comparisons, derives
-- one between the two answers, and asks before it scans: also where there is nothing to scan, an unbound
-- reader gets an error and not an empty result. A row lock and a DELETE are checked by USING alone, never
-- by WITH CHECK, so the access that they need stands in policies of its own.
DO $$
DECLARE
    tenant_table text;
    to_delete text;
BEGIN
    FOR tenant_table, to_delete IN
        VALUES ('tenants', 'maintainer'), ('selections', 'maintainer'), ('sync_runs', 'maintainer'),
               ('sync_errors', 'maintainer'), ('items', 'maintainer'), ('run_changes_bitmaps', 'maintainer'),
               ('item_types', 'maintainer'), ('presence', 'maintainer'), ('selection_types', 'maintainer'),
               ('type_counts', 'maintainer'), ('run_parts', 'writer'), ('last_seen', 'writer'), ('refusals', 'writer'), ('open_starts', 'writer'),
               ('cooldowns', 'maintainer')
    LOOP
        EXECUTE format('ALTER TABLE inventory_core_internal.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
                       tenant_table);
        EXECUTE format($policy$
            CREATE POLICY tenant_rows ON inventory_core_internal.%1$I
                USING (tenant_id = (SELECT inventory_core_internal._readable_tenant()))
                WITH CHECK (tenant_id = (SELECT inventory_core_internal._writable_tenant('writer')));
            CREATE POLICY tenant_rows_only ON inventory_core_internal.%1$I AS RESTRICTIVE
                USING ((SELECT inventory_core_internal._readable_tenant()) = tenant_id AND inventory_core_internal._fences_plans())
                WITH CHECK ((SELECT inventory_core_internal._writable_tenant('writer')) = tenant_id);
            CREATE POLICY update_needs_access ON inventory_core_internal.%1$I AS RESTRICTIVE FOR UPDATE
                USING (tenant_id = (SELECT inventory_core_internal._writable_tenant('writer')));
            CREATE POLICY delete_needs_access ON inventory_core_internal.%1$I AS RESTRICTIVE FOR DELETE
                USING (tenant_id = (SELECT inventory_core_internal._writable_tenant(%2$L)));
            COMMENT ON POLICY tenant_rows ON inventory_core_internal.%1$I IS 'Rows of the bound tenant; to write takes a writer';
            COMMENT ON POLICY tenant_rows_only ON inventory_core_internal.%1$I IS
                'The same as a limit on whatever other policy there is; plans use an index of the tenant only';
            COMMENT ON POLICY update_needs_access ON inventory_core_internal.%1$I IS 'To change or lock a row takes a writer';
            COMMENT ON POLICY delete_needs_access ON inventory_core_internal.%1$I IS 'To delete a row takes a writer or a maintainer';
            $policy$, tenant_table, to_delete);
    END LOOP;
END
$$;

-- Who holds a slot is told by the id of the run, which is unique within its tenant only.
CREATE POLICY new_run_is_nobody_elses ON inventory_core_internal.sync_runs AS RESTRICTIVE FOR INSERT
    WITH CHECK (inventory_core_internal._may_be_called(run_id));
COMMENT ON POLICY new_run_is_nobody_elses ON inventory_core_internal.sync_runs IS
    'No run bears an id that the slot of another shows';
CREATE POLICY run_stays_its_own ON inventory_core_internal.sync_runs AS RESTRICTIVE FOR UPDATE
    USING (true) WITH CHECK (inventory_core_internal._may_be_called(run_id));
COMMENT ON POLICY run_stays_its_own ON inventory_core_internal.sync_runs IS
    'No run is given an id that the slot of another shows';

-- A slot may be taken by whoever finds it free or expired, and given back by whoever runs its run;
-- taken only for a running run of the bound tenant, which is all that the subselects can see.
ALTER TABLE inventory_core_internal.run_slots ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY all_slots ON inventory_core_internal.run_slots FOR SELECT USING (true);
COMMENT ON POLICY all_slots ON inventory_core_internal.run_slots IS 'Slots name no tenant, so everybody may see them';
CREATE POLICY free_or_own_slots ON inventory_core_internal.run_slots FOR UPDATE
    USING (inventory_core_internal._slot_is_over(run_id, expires_at) OR inventory_core_internal._runs(run_id))
    WITH CHECK (run_id IS NULL OR inventory_core_internal._may_hold_slot(run_id, expires_at));
COMMENT ON POLICY free_or_own_slots ON inventory_core_internal.run_slots IS
    'Free slots may be taken for a running run of the bound tenant, own ones given back';
CREATE POLICY free_or_own_slots_only ON inventory_core_internal.run_slots AS RESTRICTIVE FOR UPDATE
    USING (inventory_core_internal._slot_is_over(run_id, expires_at) OR inventory_core_internal._runs(run_id))
    WITH CHECK (run_id IS NULL OR inventory_core_internal._may_hold_slot(run_id, expires_at));
COMMENT ON POLICY free_or_own_slots_only ON inventory_core_internal.run_slots IS
    'The same as a limit on whatever other policy there is';

-- Leases may be added to and taken from a running run of the bound tenant.
ALTER TABLE inventory_core_internal.slot_leases ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY all_leases ON inventory_core_internal.slot_leases FOR SELECT USING (true);
COMMENT ON POLICY all_leases ON inventory_core_internal.slot_leases IS 'Leases name no tenant, so everybody may see them';
CREATE POLICY new_leases ON inventory_core_internal.slot_leases FOR INSERT
    WITH CHECK (inventory_core_internal._may_hold_slot(run_id, expires_at));
COMMENT ON POLICY new_leases ON inventory_core_internal.slot_leases IS 'Signs of life are given by a running run of the bound tenant';
CREATE POLICY new_leases_only ON inventory_core_internal.slot_leases AS RESTRICTIVE FOR INSERT
    WITH CHECK (inventory_core_internal._may_hold_slot(run_id, expires_at));
COMMENT ON POLICY new_leases_only ON inventory_core_internal.slot_leases IS
    'The same as a limit on whatever other policy there is';
CREATE POLICY own_leases ON inventory_core_internal.slot_leases FOR DELETE
    USING (inventory_core_internal._runs(run_id) OR inventory_core_internal._is_old_lease(expires_at));
COMMENT ON POLICY own_leases ON inventory_core_internal.slot_leases IS
    'Signs of life go with a running run of the bound tenant; what keeps nothing any more may go with any';
CREATE POLICY own_leases_only ON inventory_core_internal.slot_leases AS RESTRICTIVE FOR DELETE
    USING (inventory_core_internal._runs(run_id) OR inventory_core_internal._is_old_lease(expires_at));
COMMENT ON POLICY own_leases_only ON inventory_core_internal.slot_leases IS
    'The same as a limit on whatever other policy there is';
