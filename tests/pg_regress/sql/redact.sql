-- redact: for everybody, and it ends when it is told to.
\set VERBOSITY sqlstate
SET SESSION AUTHORIZATION regress_stranger;
SELECT inventory_core.redact(NULL) IS NULL AS nothing, inventory_core.redact('') AS empty;
SELECT inventory_core.redact('GET https://bob:hunter2secret@api.example.com/v1?page=2&sig=Zk83jLq0PwXm27TyVb41 gave 401');
SELECT inventory_core.redact(inventory_core.redact('password=hunter2secret')) = inventory_core.redact('password=hunter2secret') AS at_rest;
SELECT inventory_core.redact('token expired; the password is hunter2') AS prose;
-- Linear, so a long text takes long; it can be cancelled all the while.
SET statement_timeout = '100ms';
SELECT length(inventory_core.redact(repeat('password=', 10000000)));
SELECT length(inventory_core.redact(repeat('\u0041%41&#65;', 10000000)));
SELECT length(inventory_core.redact(repeat('x', 100000000)));
RESET statement_timeout;
RESET SESSION AUTHORIZATION;
SELECT provolatile, proparallel, proisstrict FROM pg_proc WHERE oid = 'inventory_core.redact(text)'::regprocedure;
