-- A plain CREATE SCHEMA: if the schema already exists, the installation fails instead of adopting
-- another role's objects.
DO $$
BEGIN
    IF getdatabaseencoding() <> 'UTF8' THEN
        RAISE EXCEPTION 'inventory_core needs a database in UTF8'
            USING ERRCODE = 'feature_not_supported',
                  DETAIL = format('The encoding of this database is %s; a selection is hashed as UTF-8.', getdatabaseencoding()),
                  HINT = 'Create the database with ENCODING ''UTF8''.';
    END IF;
END
$$;

CREATE SCHEMA inventory_core;
COMMENT ON SCHEMA inventory_core IS
    'What was last observed of an external API, per tenant, by which run, and what is missing and why';

CREATE SCHEMA inventory_core_internal;
COMMENT ON SCHEMA inventory_core_internal IS 'Tables and private functions of inventory_core';
