-- The feed of a tenant: its completed runs that changed something, and events outside runs, numbered in the order in which the
-- numbers were committed. The number is taken under a lock that is held until the transaction ends; a run that cannot get it at
-- once waits in feed_waiting for the next transaction that can. So no number becomes visible before a lower one.
CREATE TABLE inventory_core_internal.feeds (
    tenant_id  text COLLATE "C" NOT NULL,
    last_no    bigint NOT NULL,
    last_entry uuid NOT NULL,
    CONSTRAINT feeds_pkey PRIMARY KEY (tenant_id)
) WITH (fillfactor = 50);
COMMENT ON TABLE inventory_core_internal.feeds IS 'The last number of each tenant''s feed';
COMMENT ON COLUMN inventory_core_internal.feeds.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.feeds.last_no IS 'The last number; the next one is higher by 1';
COMMENT ON COLUMN inventory_core_internal.feeds.last_entry IS 'entry_id of that number';
SELECT pg_extension_config_dump('inventory_core_internal.feeds', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.feeds', delete_access => 'maintainer');

CREATE TABLE inventory_core_internal.feed_entries (
    tenant_id      text COLLATE "C" NOT NULL,
    feed_no        bigint NOT NULL,
    entry_id       uuid NOT NULL,
    event          text,
    selection_hash text COLLATE "C",
    external_id    text COLLATE "C",
    changed_at     timestamptz,
    CONSTRAINT feed_entries_pkey PRIMARY KEY (tenant_id, feed_no),
    CONSTRAINT feed_entries_event_is_known
        CHECK (event IN ('renamed', 'forgotten', 'replaced', 'missing', 'reappeared')),
    CONSTRAINT feed_entries_event_has_its_time CHECK ((event IS NULL) = (changed_at IS NULL))
);
COMMENT ON TABLE inventory_core_internal.feed_entries IS 'What the feed of each tenant consists of: runs and events';
COMMENT ON COLUMN inventory_core_internal.feed_entries.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.feed_entries.feed_no IS 'Its number; without gaps';
COMMENT ON COLUMN inventory_core_internal.feed_entries.entry_id IS
    'The run, whose changes are in run_changes_bitmaps; of an event, a random id';
COMMENT ON COLUMN inventory_core_internal.feed_entries.event IS 'What happened outside runs; NULL for a run';
COMMENT ON COLUMN inventory_core_internal.feed_entries.selection_hash IS 'The selection that an event concerns, if it concerns one';
COMMENT ON COLUMN inventory_core_internal.feed_entries.external_id IS 'Of replaced, the hash of the old selection';
COMMENT ON COLUMN inventory_core_internal.feed_entries.changed_at IS 'When an event happened';
SELECT pg_extension_config_dump('inventory_core_internal.feed_entries', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.feed_entries', delete_access => 'maintainer');

CREATE TABLE inventory_core_internal.feed_items (
    tenant_id text COLLATE "C" NOT NULL,
    feed_no   bigint NOT NULL,
    chunk     integer NOT NULL,
    item_ids  bytea NOT NULL,
    CONSTRAINT feed_items_pkey PRIMARY KEY (tenant_id, feed_no, chunk),
    CONSTRAINT feed_items_item_ids_are_of_one_chunk CHECK (octet_length(item_ids) <= 8208)
);
COMMENT ON TABLE inventory_core_internal.feed_items IS 'The items of events';
COMMENT ON COLUMN inventory_core_internal.feed_items.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.feed_items.feed_no IS 'The event';
COMMENT ON COLUMN inventory_core_internal.feed_items.chunk IS 'item_id >> 16 of the items';
COMMENT ON COLUMN inventory_core_internal.feed_items.item_ids IS 'Roaring bitmap of their ids, in the portable format';
SELECT pg_extension_config_dump('inventory_core_internal.feed_items', '');
SELECT inventory_core_internal._fence_table(
    'inventory_core_internal.feed_items', delete_access => 'maintainer', write_access => 'maintainer');

CREATE TABLE inventory_core_internal.feed_waiting (
    tenant_id text COLLATE "C" NOT NULL,
    run_id    uuid NOT NULL,
    CONSTRAINT feed_waiting_pkey PRIMARY KEY (tenant_id, run_id)
);
COMMENT ON TABLE inventory_core_internal.feed_waiting IS
    'Completed runs that have no number yet, because another transaction was giving out numbers when they ended';
COMMENT ON COLUMN inventory_core_internal.feed_waiting.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.feed_waiting.run_id IS 'The run';
SELECT pg_extension_config_dump('inventory_core_internal.feed_waiting', '');
SELECT inventory_core_internal._fence_table('inventory_core_internal.feed_waiting', delete_access => 'writer');

-- A table of its own: prune_runs locks its row, and no end of a run waits for that.
CREATE TABLE inventory_core_internal.feed_pruned (
    tenant_id text COLLATE "C" NOT NULL,
    feed_no   bigint NOT NULL,
    entry_id  uuid NOT NULL,
    change_no integer NOT NULL,
    item_id   bigint NOT NULL,
    CONSTRAINT feed_pruned_pkey PRIMARY KEY (tenant_id)
);
COMMENT ON TABLE inventory_core_internal.feed_pruned IS 'The last change that was pruned: the feed tells what comes after it';
COMMENT ON COLUMN inventory_core_internal.feed_pruned.tenant_id IS 'The owner of the row';
COMMENT ON COLUMN inventory_core_internal.feed_pruned.feed_no IS 'Number of the pruned run with the highest number';
COMMENT ON COLUMN inventory_core_internal.feed_pruned.entry_id IS 'That run';
COMMENT ON COLUMN inventory_core_internal.feed_pruned.change_no IS 'Kind of its last change, as in change_id';
COMMENT ON COLUMN inventory_core_internal.feed_pruned.item_id IS 'Item of its last change';
SELECT pg_extension_config_dump('inventory_core_internal.feed_pruned', '');
SELECT inventory_core_internal._fence_table(
    'inventory_core_internal.feed_pruned', delete_access => 'maintainer', write_access => 'maintainer');
