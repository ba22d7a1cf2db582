-- Refused starts that could not be counted in selections at once, because another transaction held the row lock or the
-- selection had no run yet. A later refusal adds them up.
CREATE TABLE inventory_core_internal.refusals (
    tenant_id      text COLLATE "C" NOT NULL,
    selection_hash text COLLATE "C" NOT NULL,
    refusal_id     uuid NOT NULL,
    selection      jsonb NOT NULL,
    refused_count  bigint NOT NULL,
    reason         text NOT NULL,
    refused_at     timestamptz NOT NULL,
    CONSTRAINT refusals_pkey PRIMARY KEY (tenant_id, selection_hash, refusal_id),
    CONSTRAINT refusals_selection_is_an_object CHECK (jsonb_typeof(selection) = 'object')
);
COMMENT ON TABLE inventory_core_internal.refusals IS 'Refused starts that are not yet counted in selections';
COMMENT ON COLUMN inventory_core_internal.refusals.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.refusals.selection_hash IS 'Hash of the selection, as selection_hash() returns it';
COMMENT ON COLUMN inventory_core_internal.refusals.refusal_id IS 'Distinguishes the row; random';
COMMENT ON COLUMN inventory_core_internal.refusals.selection IS 'The selection as the caller wrote it';
COMMENT ON COLUMN inventory_core_internal.refusals.refused_count IS 'How many refused starts the row stands for';
COMMENT ON COLUMN inventory_core_internal.refusals.reason IS 'Why the last of them was refused';
COMMENT ON COLUMN inventory_core_internal.refusals.refused_at IS 'When the last of them was refused';
SELECT pg_extension_config_dump('inventory_core_internal.refusals', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.refusals', delete_access => 'writer');

CREATE FUNCTION inventory_core_internal._count_refusal(tenant text, selection_hash text, selection jsonb, reason text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    now CONSTANT timestamptz := inventory_core_internal._now();
    refused bigint;
BEGIN
    WITH added_up AS (
        DELETE FROM inventory_core_internal.refusals AS f
        WHERE f.tenant_id = tenant AND f.selection_hash = _count_refusal.selection_hash
          AND f.refusal_id IN (SELECT o.refusal_id FROM inventory_core_internal.refusals AS o
                               WHERE o.tenant_id = tenant AND o.selection_hash = _count_refusal.selection_hash
                               FOR UPDATE SKIP LOCKED)
        RETURNING f.refused_count)
    SELECT 1 + coalesce(sum(a.refused_count), 0) INTO refused FROM added_up AS a;
    UPDATE inventory_core_internal.selections AS s
    SET refused_count = s.refused_count + refused, last_refused_reason = reason, last_refused_at = now
    WHERE s.tenant_id = tenant
      AND s.selection_hash = (SELECT o.selection_hash FROM inventory_core_internal.selections AS o
                              WHERE o.tenant_id = tenant AND o.selection_hash = _count_refusal.selection_hash
                              FOR NO KEY UPDATE SKIP LOCKED);
    IF NOT FOUND THEN
        INSERT INTO inventory_core_internal.refusals
            (tenant_id, selection_hash, refusal_id, selection, refused_count, reason, refused_at)
        VALUES (tenant, _count_refusal.selection_hash, gen_random_uuid(), _count_refusal.selection, refused, reason, now);
    END IF;
END
$$;
COMMENT ON FUNCTION inventory_core_internal._count_refusal(text, text, jsonb, text) IS 'Counts a refused start; never waits';
