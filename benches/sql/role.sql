-- Plain, as a backend's role should be; it may write files only so that COPY can throw away what it reads.
DROP ROLE IF EXISTS bench_app;
CREATE ROLE bench_app LOGIN NOSUPERUSER NOBYPASSRLS;
GRANT pg_write_server_files TO bench_app;
