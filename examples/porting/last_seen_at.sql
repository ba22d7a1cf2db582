-- Imports a hand-written table with first_seen_at and last_seen_at into inventory_core: docs/porting.md says how and why.
--   psql -v ON_ERROR_STOP=1 -v source=devices -v selection='{"type": "device"}' -f examples/porting/last_seen_at.sql
-- source is a table or view with the columns
--   tenant, policy_type, external_id, display_name (text), meta (jsonb), first_seen_at, last_seen_at (timestamptz)
-- To be run as a superuser (it sets the clock), outside of a transaction, before the first real run of these tenants.

CREATE TEMPORARY VIEW porting_source AS
SELECT tenant, policy_type, external_id, display_name, meta, first_seen_at, last_seen_at FROM :source;

CREATE PROCEDURE pg_temp.import_last_seen(selection jsonb)
LANGUAGE plpgsql
AS $$
DECLARE
    ported_tenant text;
    seen_at timestamptz;
    last_of_all timestamptz;
    run record;
BEGIN
    IF EXISTS (SELECT FROM pg_temp.porting_source AS s
               WHERE (s.first_seen_at <= s.last_seen_at AND s.last_seen_at <= clock_timestamp()) IS NOT TRUE) THEN
        RAISE EXCEPTION 'the source has rows that were seen last before they were seen first, or in the future, or never';
    END IF;
    FOR ported_tenant, last_of_all IN
        SELECT s.tenant, max(s.last_seen_at) FROM pg_temp.porting_source AS s GROUP BY s.tenant ORDER BY s.tenant
    LOOP
        IF EXISTS (SELECT FROM inventory_core_internal.sync_runs AS r WHERE r.tenant_id = ported_tenant) THEN
            RAISE EXCEPTION 'tenant % has runs already: the order of its runs would not be that of the times', ported_tenant;
        END IF;
        -- A run for each moment at which something was seen first or last, in their order.
        FOR seen_at IN
            SELECT s.first_seen_at FROM pg_temp.porting_source AS s WHERE s.tenant = ported_tenant
            UNION
            SELECT s.last_seen_at FROM pg_temp.porting_source AS s WHERE s.tenant = ported_tenant
            ORDER BY 1
        LOOP
            PERFORM set_config('inventory_core.clock', seen_at::text, false);
            SELECT r.run_id, r.reason INTO run
            FROM inventory_core.start_run(ported_tenant, selection, correlation_id => 'import of last_seen_at') AS r;
            IF run.run_id IS NULL THEN
                RAISE EXCEPTION 'the import is refused: %', run.reason;
            END IF;
            PERFORM inventory_core.upsert_items(ported_tenant, run.run_id, batch.items)
            FROM (SELECT json_agg(json_build_object('policy_type', n.policy_type, 'external_id', n.external_id,
                                                    'display_name', n.display_name, 'meta', n.meta)) AS items
                  FROM (SELECT s.*, row_number() OVER (ORDER BY s.policy_type, s.external_id) AS n
                        FROM pg_temp.porting_source AS s
                        WHERE s.tenant = ported_tenant AND seen_at IN (s.first_seen_at, s.last_seen_at)) AS n
                  GROUP BY n.n / 10000) AS batch;
            -- Of the last sync the table says all: who has its time was seen, who has not was not. Of those before it
            -- the table has forgotten who was seen in between, so they do not claim to have seen everything.
            PERFORM inventory_core.finish_run(ported_tenant, run.run_id,
                                              CASE WHEN seen_at = last_of_all THEN 'success' ELSE 'partial' END);
            COMMIT;
        END LOOP;
    END LOOP;
    PERFORM set_config('inventory_core.clock', '', false);
END
$$;

CALL pg_temp.import_last_seen(:'selection');
DROP PROCEDURE pg_temp.import_last_seen;
DROP VIEW porting_source;
