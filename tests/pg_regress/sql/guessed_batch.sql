-- A large batch of which none of some samples is known is written without looking it up. Where an item between the samples
-- is known after all, that is taken back, and the batch becomes what it would have been.
SELECT inventory_core.grant_access('regress_writer', 'guessed_batch', 'writer') \gset
SELECT inventory_core.allow_meta('gb', 'owner', 'note') \gset
SET SESSION AUTHORIZATION regress_writer;
CREATE FUNCTION pg_temp.item(id text, name text, note text DEFAULT 'none') RETURNS json LANGUAGE sql AS $$
    SELECT json_build_object('policy_type', 'gb', 'external_id', id, 'display_name', name, 'meta', json_build_object('owner', id, 'note', note))
$$;
SELECT run_id AS run FROM inventory_core.start_run('guessed_batch', '{}') \gset

-- Two are known already, in two batches.
SELECT inserted, unchanged FROM inventory_core.upsert_items('guessed_batch', :'run', json_build_array(pg_temp.item('known', 'as before')));
SELECT inserted, unchanged FROM inventory_core.upsert_items('guessed_batch', :'run', json_build_array(pg_temp.item('changed', 'as before')));
-- Both stand between the samples, near the end; one has changed. A secret is counted once, whatever was tried.
CREATE TEMP TABLE page AS
SELECT json_agg(CASE n WHEN 590 THEN pg_temp.item('known', 'as before') WHEN 595 THEN pg_temp.item('changed', 'anew')
                       WHEN 7 THEN pg_temp.item('7', 'item 7', 'password=hunter2secret') ELSE pg_temp.item(n::text, 'item ' || n) END ORDER BY n) AS items
FROM generate_series(1, 600) AS n;
SELECT u.* FROM page, inventory_core.upsert_items('guessed_batch', :'run', page.items) AS u;
-- The same again, which is found by its samples.
SELECT u.* FROM page, inventory_core.upsert_items('guessed_batch', :'run', page.items) AS u;
-- A right guess, with a duplicate and a bad item in it.
SELECT u.* FROM inventory_core.upsert_items('guessed_batch', :'run',
    (SELECT json_agg(CASE n WHEN 9 THEN '{"policy_type": "gb"}' WHEN 10 THEN pg_temp.item('x11', 'replaced') ELSE pg_temp.item('x' || n, 'item') END ORDER BY n)
     FROM generate_series(1, 600) AS n), 'record') AS u;
SELECT observed_count, inserted_count, updated_count, unchanged_count, status FROM inventory_core.finish_run('guessed_batch', :'run');

-- Every item once, in ids without a gap, in the order of the batches.
BEGIN;
SELECT inventory_core.set_tenant('guessed_batch');
SELECT count(*), min(item_id), max(item_id), count(DISTINCT external_id), count(*) FILTER (WHERE display_name LIKE 'item%') AS named_item FROM inventory_core.inventory_items;
SELECT item_id, external_id, display_name, meta FROM inventory_core.inventory_items WHERE external_id IN ('known', 'changed', '1', '7', '600', 'x1', 'x11') ORDER BY item_id;
SELECT redacted_values FROM inventory_core_internal.sync_runs;
SELECT next_item_id FROM inventory_core_internal.tenants WHERE tenant_id = 'guessed_batch';
ROLLBACK;
