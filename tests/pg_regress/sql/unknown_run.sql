-- A run that is nobody's and a run of another tenant give the same answer, letter for letter.
\set VERBOSITY sqlstate
SELECT inventory_core.grant_access('regress_writer', 'unknown_run', 'writer') \gset
SELECT inventory_core.grant_access('regress_writer', 'unknown_run two', 'writer') \gset
SET SESSION AUTHORIZATION regress_writer;
SELECT run_id AS foreign_run FROM inventory_core.start_run('unknown_run two', '{}') \gset

CREATE FUNCTION pg_temp.answer(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$$;
SELECT call, f.state, f IS NOT DISTINCT FROM n AS same_answer, f.message, f.detail, f.hint
FROM (VALUES ('upsert_items(''unknown_run'', %L, ''[]'')'), ('upsert_items(''unknown_run'', %L, ''[1]'')'), ('heartbeat(''unknown_run'', %L)'),
             ('record_error(''unknown_run'', %L)'), ('finish_run(''unknown_run'', %L)'), ('run_changes(''unknown_run'', %L)')) AS c (call),
     LATERAL pg_temp.answer('SELECT inventory_core.' || format(call, :'foreign_run')) AS f,
     LATERAL pg_temp.answer('SELECT inventory_core.' || format(call, gen_random_uuid())) AS n
ORDER BY call COLLATE "C" \gx

-- Nor does a question about a selection tell whether another tenant has it.
SELECT count(*) FROM inventory_core.missing_items('unknown_run', inventory_core.selection_hash('{}'));
SELECT selection, running_run_id, confidence FROM inventory_core.selection_status('unknown_run', inventory_core.selection_hash('{}'));
