-- Runs first. The plain roles that all other files use: neither superuser nor BYPASSRLS. Each file grants them its own tenant.
CREATE ROLE regress_reader LOGIN;
CREATE ROLE regress_writer LOGIN;
CREATE ROLE regress_maintainer LOGIN;
CREATE ROLE regress_stranger LOGIN;
-- Time stands still where a test says so; a plain role needs this right for it.
GRANT SET ON PARAMETER inventory_core.clock TO regress_reader, regress_writer, regress_maintainer;
SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname ~ '^regress_' ORDER BY rolname;

-- A whole run in one statement, by whoever calls it: start, one batch, end. Items are given as 'type/id'; a label tells the
-- run from others in the output. status NULL leaves it running.
CREATE SCHEMA regress;
GRANT USAGE ON SCHEMA regress TO PUBLIC;
CREATE FUNCTION regress.sync(label text, tenant text, selection jsonb, items text[], status text DEFAULT 'success') RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
    run uuid := (SELECT s.run_id FROM inventory_core.start_run(tenant, selection, label) AS s);
BEGIN
    PERFORM inventory_core.upsert_items(tenant, run,
        (SELECT coalesce(json_agg(json_build_object('policy_type', split_part(i, '/', 1), 'external_id', split_part(i, '/', 2))), '[]')
         FROM unnest(items) AS i));
    IF status IS NOT NULL THEN
        PERFORM inventory_core.finish_run(tenant, run, status);
    END IF;
    RETURN run;
END
$$;
CREATE FUNCTION regress.label(tenant text, run uuid) RETURNS text
LANGUAGE sql AS 'SELECT r.correlation_id FROM inventory_core.inventory_sync_runs(tenant) AS r WHERE r.run_id = run';

-- The files leave runs behind them; limits have a file of their own.
SELECT current_database() AS database \gset
ALTER DATABASE :"database" SET inventory_core.max_running_runs = -1;
ALTER DATABASE :"database" SET inventory_core.max_running_runs_per_tenant = -1;
