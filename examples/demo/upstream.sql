-- The stand-in for somebody else's API: it knows the packages and answers page by page.
-- inventory_core knows nothing of it; a real caller gets the same JSON over HTTP.
CREATE TABLE upstream.packages (
    position    integer PRIMARY KEY,
    section     text NOT NULL,
    package     text NOT NULL UNIQUE,
    version     text NOT NULL,
    maintainer  text NOT NULL,
    homepage    text NOT NULL,
    summary     text NOT NULL
);

CREATE TEMP TABLE lines (rank integer, section text, package text, version text, maintainer text, homepage text, summary text);
\copy lines FROM pstdin

-- An installed package (rank 1) stands before the same one in the package lists (rank 2).
INSERT INTO upstream.packages
SELECT row_number() OVER (ORDER BY p.section, p.package), p.*
FROM (SELECT DISTINCT ON (package) coalesce(nullif(section, ''), 'unknown') AS section,
             package, version, maintainer, homepage, summary
      FROM lines ORDER BY package, rank, version DESC) AS p;
ANALYZE upstream.packages;

-- A page as items for upsert_items; NULL after the last one. No sections named: all of them.
CREATE FUNCTION upstream.page(page integer, size integer, sections text[]) RETURNS json
LANGUAGE sql STABLE
AS $$
    SELECT json_agg(json_build_object(
        'policy_type', p.section,
        'external_id', p.package,
        'display_name', p.summary,
        'meta', json_strip_nulls(json_build_object(
            'version', p.version,
            'architecture', split_part(p.package, ':', 2),
            'maintainer', trim(split_part(p.maintainer, '<', 1)),
            'maintainer_email', substring(p.maintainer FROM '<(.*)>'),
            'homepage', nullif(p.homepage, '')))))
    FROM (SELECT * FROM upstream.packages
          WHERE sections = '{}' OR section = ANY (sections)
          ORDER BY position OFFSET page * size LIMIT size) AS p
$$;
