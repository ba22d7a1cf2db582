-- A batch writes a text with its digest. If a direct statement corrects a name or meta, this trigger updates the digest;
-- otherwise no batch would notice that the API says something else. Triggers fire in the order of their names, so it sees
-- what redact_guard leaves.
CREATE FUNCTION inventory_core_internal._renew_digests() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW.name_digest = OLD.name_digest AND NEW.display_name IS DISTINCT FROM OLD.display_name THEN
        NEW.name_digest := inventory_core_internal._name_digest(NEW.display_name);
    END IF;
    IF NEW.meta_digest = OLD.meta_digest AND NEW.meta IS DISTINCT FROM OLD.meta THEN
        NEW.meta_digest := inventory_core_internal._meta_digest(NEW.meta::text);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._renew_digests() IS 'Updates the digests of a changed name or meta';
CREATE TRIGGER true_digests BEFORE UPDATE OF display_name, meta ON inventory_core_internal.items
    FOR EACH ROW WHEN (NEW.name_digest = OLD.name_digest AND NEW.display_name IS DISTINCT FROM OLD.display_name
                       OR NEW.meta_digest = OLD.meta_digest AND NEW.meta IS DISTINCT FROM OLD.meta)
    EXECUTE FUNCTION inventory_core_internal._renew_digests();
ALTER TABLE inventory_core_internal.items ENABLE ALWAYS TRIGGER true_digests;
COMMENT ON TRIGGER true_digests ON inventory_core_internal.items IS
    'Updates the digests when a direct statement changes a name or meta';
