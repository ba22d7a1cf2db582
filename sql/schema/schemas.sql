-- A plain CREATE SCHEMA: where somebody else made the schema before us, the installation fails
-- instead of adopting objects that are not ours.
DO $$
BEGIN
    IF getdatabaseencoding() <> 'UTF8' THEN
        RAISE EXCEPTION 'inventory_core needs a database in UTF8'
            USING ERRCODE = 'feature_not_supported',
                  DETAIL = format('This database is in %s; a selection is hashed as UTF-8.', getdatabaseencoding()),
                  HINT = 'Create the database with ENCODING ''UTF8''.';
    END IF;
END
$$;

CREATE SCHEMA inventory_core;
COMMENT ON SCHEMA inventory_core IS
    'Per tenant: what was last observed of an external API, by which run, and what is missing and why';

CREATE SCHEMA inventory_core_internal;
COMMENT ON SCHEMA inventory_core_internal IS 'Tables and private functions of inventory_core';
