-- CREATE EXTENSION makes its schema itself: where somebody else was there before, it fails and adopts nothing.
\set VERBOSITY sqlstate
SELECT current_database() AS home \gset
CREATE DATABASE regress_inventory_core_two TEMPLATE template0;
\c regress_inventory_core_two
CREATE ROLE regress_neighbour;
GRANT CREATE ON DATABASE regress_inventory_core_two TO regress_neighbour;
SET SESSION AUTHORIZATION regress_neighbour;
-- Not for a plain role.
CREATE EXTENSION inventory_core;
CREATE SCHEMA inventory_core;
RESET SESSION AUTHORIZATION;
CREATE EXTENSION inventory_core;
SELECT count(*) FROM pg_extension WHERE extname = 'inventory_core';
DROP SCHEMA inventory_core;
-- Without it, it works; and goes without a trace.
CREATE EXTENSION inventory_core;
SELECT extrelocatable, extnamespace::regnamespace AS installed_into FROM pg_extension WHERE extname = 'inventory_core';
SELECT nspowner::regrole = current_user::regrole AS own_schema FROM pg_namespace WHERE nspname = 'inventory_core';
DROP EXTENSION inventory_core;
SELECT count(*) FROM pg_namespace WHERE nspname = 'inventory_core';
\c :home
DROP DATABASE regress_inventory_core_two;
DROP ROLE regress_neighbour;

-- A selection is hashed as UTF-8: a database in another encoding is refused.
CREATE DATABASE regress_inventory_core_two TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C';
\c regress_inventory_core_two
CREATE EXTENSION inventory_core;
\c :home
DROP DATABASE regress_inventory_core_two;
