-- The functions redact before they write and do not need these triggers. They are for direct writes to
-- the tables, replication included (ENABLE ALWAYS).
CREATE FUNCTION inventory_core_internal._redact_error() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Cut again: replacing the rest of a marker that was cut off can make a text longer.
    NEW.message := left(inventory_core.redact(NEW.message), 2000);
    NEW.upstream_code := left(inventory_core.redact(NEW.upstream_code), 200);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._redact_error() IS 'Guard: no free text enters sync_errors unredacted';
CREATE TRIGGER redact_guard BEFORE INSERT OR UPDATE ON inventory_core_internal.sync_errors
    FOR EACH ROW EXECUTE FUNCTION inventory_core_internal._redact_error();
ALTER TABLE inventory_core_internal.sync_errors ENABLE ALWAYS TRIGGER redact_guard;
COMMENT ON TRIGGER redact_guard ON inventory_core_internal.sync_errors IS
    'Redacts what is written without record_error, replication included';

CREATE FUNCTION inventory_core_internal._redact_run() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.correlation_id := left(inventory_core_internal._redact_known(NEW.correlation_id), 1000);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._redact_run() IS 'Guard: no correlation id enters sync_runs unredacted';
CREATE TRIGGER redact_guard BEFORE INSERT OR UPDATE OF correlation_id ON inventory_core_internal.sync_runs
    FOR EACH ROW EXECUTE FUNCTION inventory_core_internal._redact_run();
ALTER TABLE inventory_core_internal.sync_runs ENABLE ALWAYS TRIGGER redact_guard;
COMMENT ON TRIGGER redact_guard ON inventory_core_internal.sync_runs IS
    'Redacts what is written without start_run, replication included';

CREATE FUNCTION inventory_core_internal._redact_item() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.meta := inventory_core_internal._redact_meta(NEW.meta::text)::jsonb;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._redact_item() IS 'Guard: no string of meta enters items unredacted';
-- Most rows pay only for the condition: searching them in full costs as much as storing them.
CREATE TRIGGER redact_guard BEFORE INSERT OR UPDATE OF meta ON inventory_core_internal.items
    FOR EACH ROW WHEN (NOT inventory_core_internal._has_inert_strings(NEW.meta::text))
    EXECUTE FUNCTION inventory_core_internal._redact_item();
ALTER TABLE inventory_core_internal.items ENABLE ALWAYS TRIGGER redact_guard;
COMMENT ON TRIGGER redact_guard ON inventory_core_internal.items IS
    'Redacts what is written without upsert_items, replication included';
