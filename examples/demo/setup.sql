-- What an administrator does once. Nothing after this runs as a superuser.
CREATE EXTENSION inventory_core;

CREATE ROLE demo_acme LOGIN;
CREATE ROLE demo_globex LOGIN;
SELECT inventory_core.grant_access('demo_acme', 'acme', 'writer');
SELECT inventory_core.grant_access('demo_globex', 'globex', 'writer');

-- Of meta only these keys are ever stored; maintainer_email is not among them.
SELECT inventory_core.allow_meta('*', 'version', 'architecture', 'maintainer', 'homepage');

-- Where upstream.sql builds the stand-in for somebody else's API.
CREATE SCHEMA upstream AUTHORIZATION demo_acme;
