-- changes_since and feed_end: the changes of a tenant, each told once.
\set VERBOSITY sqlstate
\set SHOW_CONTEXT never
SELECT inventory_core.grant_access('regress_maintainer', 'feed', 'maintainer'),
       inventory_core.grant_access('regress_maintainer', 'feed too', 'maintainer'),
       inventory_core.grant_access('regress_reader', 'feed', 'reader') \gset
SET SESSION AUTHORIZATION regress_maintainer;
SET search_path = inventory_core, inventory_core_internal;
SET inventory_core.clock = '2026-03-01 00:00:00+00';

-- Nothing yet.
SELECT count(*), feed_end('feed') FROM changes_since('feed');
SELECT regress.sync('run 1', 'feed', '{}', '{vm/1,vm/2,vm/3}') \gset
SELECT regress.sync('other', 'feed', '{"other": 1}', '{vm/1}') \gset
-- A run that changes nothing is not in the feed.
SELECT regress.sync('run 2', 'feed', '{}', '{vm/1,vm/2,vm/3}') \gset
SELECT run_id AS run3 FROM start_run('feed', '{}', 'run 3') \gset
SELECT updated FROM upsert_items('feed', :'run3', '[{"policy_type": "vm", "external_id": "1", "display_name": "one"}, {"policy_type": "db", "external_id": "4"}]');
SELECT removed FROM remove_items('feed', :'run3', '[{"policy_type": "vm", "external_id": "3"}]');
SELECT status FROM finish_run('feed', :'run3');
SELECT regress.label('feed', run_id), selection_hash = selection_hash('{}') AS first, changed_at, change, item_id, policy_type, external_id, display_name
FROM changes_since('feed');

-- Page by page, every change once, whatever the size of the pages; the same after gives the same rows.
CREATE TEMP TABLE everything AS SELECT row_number() OVER () AS place, c.* FROM changes_since('feed') AS c;
CREATE FUNCTION pg_temp.pages(size integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    place text;
    last text;
    told text := '';
    page record;
BEGIN
    LOOP
        FOR page IN SELECT c.* FROM inventory_core.changes_since('feed', place, size) AS c LOOP
            told := told || left(page.change, 1) || page.item_id || ' ';
            last := page.change_id;
        END LOOP;
        EXIT WHEN last IS NOT DISTINCT FROM place;
        place := last;
    END LOOP;
    RETURN told;
END
$$;
SELECT pg_temp.pages(1), pg_temp.pages(2) = pg_temp.pages(1) AS same, pg_temp.pages(100) = pg_temp.pages(1) AS same;
SELECT e.place, count(c.*), bool_and(c.change_id IN (SELECT l.change_id FROM everything AS l WHERE l.place > e.place))
FROM everything AS e CROSS JOIN LATERAL changes_since('feed', e.change_id) AS c GROUP BY e.place ORDER BY e.place;
SELECT count(*) FROM changes_since('feed', feed_end('feed'));

-- A reader sees the same; so does a transaction that is read-only or of another isolation level.
SET SESSION AUTHORIZATION regress_reader;
SELECT count(*) FROM inventory_core.changes_since('feed');
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT count(*), inventory_core.feed_end('feed') IS NOT NULL FROM inventory_core.changes_since('feed');
COMMIT;
SET SESSION AUTHORIZATION regress_maintainer;

-- A forgotten item: its changes are left out, its id is told once more; a change_id of it stays valid.
SELECT change_id AS of_two FROM everything WHERE external_id = '2' AND change = 'added' \gset
SELECT forget_items('feed', ARRAY[2]);
SELECT forget_items('feed', ARRAY[2]);
SELECT change, item_id, external_id FROM changes_since('feed');
SELECT change, item_id FROM changes_since('feed', :'of_two') LIMIT 2;
SELECT run_id, selection_hash, changed_at, change, item_id, policy_type, external_id, display_name FROM changes_since('feed') ORDER BY change = 'forgotten' DESC LIMIT 1;

-- Pruning keeps the last change that it took: from there on the feed goes on.
SELECT change_id AS last FROM (SELECT row_number() OVER () AS place, c.* FROM changes_since('feed') AS c) AS c WHERE change <> 'forgotten' ORDER BY place DESC LIMIT 1 \gset
SELECT change_id AS early FROM everything WHERE place = 1 \gset
SELECT regress.sync('run 4', 'feed', '{}', '{vm/1,db/4}') \gset
SELECT regress.sync('run 5', 'feed', '{}', '{vm/1,db/4,db/5,vm/3}') \gset
SELECT regress.sync('run 6', 'feed', '{}', '{vm/1,db/4,db/5,vm/3}') \gset
SELECT regress.sync('run 7', 'feed', '{}', '{vm/1,db/4,db/5,vm/3}') \gset
SELECT count(*) FROM changes_since('feed', :'last');
SELECT prune_runs('feed', '0', 1);
SELECT change, external_id FROM changes_since('feed', feed_end('feed'));
\set VERBOSITY default
SELECT count(*) FROM changes_since('feed');
SELECT count(*) FROM changes_since('feed', :'early');
\set VERBOSITY sqlstate
-- feed_end stays valid
SELECT feed_end('feed') AS at_end \gset
SELECT regress.sync('run 8', 'feed', '{}', '{vm/1,db/4,db/5,vm/3,db/6}') \gset
SELECT change, external_id FROM changes_since('feed', :'at_end');

-- Another life of the feed.
SELECT regress.sync('too 1', 'feed too', '{}', '{vm/1,vm/2}') \gset
SELECT change_id AS of_first_life FROM changes_since('feed too') LIMIT 1 \gset
SELECT forget_tenant('feed too');
SELECT count(*) FROM changes_since('feed too');
SELECT regress.sync('too 2', 'feed too', '{}', '{vm/1,vm/2}') \gset
SELECT change, item_id, external_id FROM changes_since('feed too');
\set VERBOSITY default
SELECT count(*) FROM changes_since('feed too', :'of_first_life');
SELECT count(*) FROM changes_since('feed too', 'page 2');
SELECT count(*) FROM changes_since('feed too', '');
SELECT count(*) FROM changes_since('feed too', '999999999999999999.00000000000000000000000000000000.1.1');
SELECT count(*) FROM changes_since('feed too', NULL, 0);
\set VERBOSITY sqlstate
SELECT count(*) FROM changes_since('feed too', NULL, NULL);
SELECT count(*) FROM changes_since(NULL);
SELECT feed_end(NULL);

-- A run that is rolled back leaves no gap; one that ends in a savepoint that is rolled back neither.
BEGIN;
SELECT regress.sync('too 3', 'feed too', '{}', '{vm/3}') \gset
SAVEPOINT later;
SELECT regress.sync('too 4', 'feed too', '{}', '{vm/4}') \gset
ROLLBACK TO SAVEPOINT later;
SELECT regress.sync('too 5', 'feed too', '{}', '{vm/5}') \gset
COMMIT;
SELECT change, item_id, external_id FROM changes_since('feed too') ORDER BY split_part(change_id, '.', 1)::int, item_id;

-- Another tenant, and a stranger.
SET SESSION AUTHORIZATION regress_reader;
SELECT count(*) FROM inventory_core.changes_since('feed too');
SELECT inventory_core.feed_end('feed too');
SET SESSION AUTHORIZATION regress_stranger;
SELECT count(*) FROM inventory_core.changes_since('feed');
