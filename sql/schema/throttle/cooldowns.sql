-- Until when an API asked a tenant to wait. One row per scope, overwritten in place.
CREATE TABLE inventory_core_internal.cooldowns (
    tenant_id text COLLATE "C" NOT NULL,
    scope     text COLLATE "C" NOT NULL,
    until     timestamptz NOT NULL,
    CONSTRAINT cooldowns_pkey PRIMARY KEY (tenant_id, scope),
    CONSTRAINT cooldowns_scope_is_a_scope CHECK (octet_length(scope) BETWEEN 1 AND 255),
    CONSTRAINT cooldowns_until_is_plausible CHECK (until BETWEEN '1970-01-01 00:00:00+00' AND '9999-12-31 00:00:00+00')
) WITH (fillfactor = 50);
COMMENT ON TABLE inventory_core_internal.cooldowns IS 'Until when a tenant must send no request, by scope; * covers all scopes';
COMMENT ON COLUMN inventory_core_internal.cooldowns.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.cooldowns.scope IS 'Which part of the API; * covers all';
COMMENT ON COLUMN inventory_core_internal.cooldowns.until IS 'Send no request before this time';
SELECT pg_extension_config_dump('inventory_core_internal.cooldowns', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.cooldowns', delete_access => 'maintainer');
