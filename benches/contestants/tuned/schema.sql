-- The same without an index on what changes each time, and with room in the pages: the updates are HOT.
CREATE TABLE runs (
    tenant_id   text NOT NULL,
    run_id      uuid NOT NULL DEFAULT gen_random_uuid(),
    selection   jsonb NOT NULL,
    status      text NOT NULL DEFAULT 'running',
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, run_id)
);
CREATE TABLE items (
    tenant_id        text NOT NULL,
    item_id          bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    policy_type      text NOT NULL,
    external_id      text NOT NULL,
    display_name     text,
    meta             jsonb,
    first_seen_at    timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    last_seen_at     timestamptz NOT NULL,
    last_seen_run_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, item_id),
    UNIQUE (tenant_id, policy_type, external_id)
) WITH (fillfactor = 70);
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO bench_app;
