-- The binding is a setting that only the library writes: none of the ways to set a setting makes one.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_reader', 'tenant_forged', 'reader') \gset
-- A binding that the library itself made for this very role: nobody can make up a better one.
SET SESSION AUTHORIZATION regress_reader;
BEGIN;
SELECT inventory_core.set_tenant('tenant_forged');
SELECT current_setting('inventory_core.tenant') AS forged \gset
COMMIT;

-- With the library loaded.
SELECT inventory_core.current_tenant() IS NULL AS unbound;
SET inventory_core.tenant = :'forged';
SELECT set_config('inventory_core.tenant', :'forged', true);
SELECT set_config('inventory_core.tenant', :'forged', false);
UPDATE pg_settings SET setting = :'forged' WHERE name = 'inventory_core.tenant';
SET inventory_core.anything = 'x';
ALTER ROLE regress_reader SET inventory_core.tenant = 'x';
CREATE FUNCTION pg_temp.forge() RETURNS text LANGUAGE sql SET inventory_core.tenant = 'x' AS 'SELECT inventory_core.current_tenant()';
SELECT inventory_core.current_tenant() IS NULL AS unbound;
-- Nor can a binding be turned into another one, or be taken over a RESET.
BEGIN;
SELECT inventory_core.set_tenant('tenant_forged');
SAVEPOINT s;
SET LOCAL inventory_core.tenant = :'forged';
ROLLBACK TO s;
RESET inventory_core.tenant;
ROLLBACK TO s;
SELECT inventory_core.current_tenant();
COMMIT;

-- Before the library is loaded a session may set what it likes; loading throws it away, loudly.
\c - regress_reader
SET inventory_core.tenant = :'forged';
SELECT current_setting('inventory_core.tenant') = :'forged' AS placeholder;
SELECT count(*) FROM inventory_core.inventory_items;
SELECT inventory_core.current_tenant() IS NULL AS unbound;
\c - regress_reader
BEGIN;
SET LOCAL inventory_core.tenant = :'forged';
SELECT inventory_core.current_tenant() IS NULL AS unbound;
SELECT count(*) FROM inventory_core.inventory_items;
ROLLBACK;
\c - regress_reader
SELECT set_config('inventory_core.tenant', :'forged', false) IS NOT NULL AS placeholder;
SELECT inventory_core.current_tenant() IS NULL AS unbound;
-- A placeholder for a role, by the role itself, before the library is loaded.
\c - regress_reader
ALTER ROLE regress_reader SET inventory_core.tenant = :'forged';
\c - regress_reader
SELECT inventory_core.current_tenant() IS NULL AS unbound;
SELECT count(*) FROM inventory_core.inventory_items;
-- Connection options make such a placeholder, too.
\set conninfo 'options=''-c inventory_core.tenant=' :forged ''''
\c -reuse-previous=on :conninfo
SELECT current_setting('inventory_core.tenant') = :'forged' AS placeholder;
SELECT inventory_core.current_tenant() IS NULL AS unbound;
SELECT count(*) FROM inventory_core.inventory_items;
-- A function of one's own does not even get that far.
\set conninfo 'options='''''
\c -reuse-previous=on :conninfo
CREATE FUNCTION pg_temp.forged_tenant() RETURNS text LANGUAGE plpgsql SET inventory_core.tenant = 'x'
AS 'BEGIN RETURN inventory_core.current_tenant(); END';
