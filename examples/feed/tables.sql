-- What follow.py writes: a copy of what is present in each selection, and where in the feed the copy is.
CREATE TABLE inventory_copy (
    tenant         text NOT NULL,
    selection_hash text NOT NULL,
    item_id        bigint NOT NULL,
    policy_type    text NOT NULL,
    external_id    text NOT NULL,
    display_name   text,
    present        boolean NOT NULL,    -- a missing item keeps its row: see replaced in follow.py
    PRIMARY KEY (tenant, selection_hash, item_id)
);
CREATE INDEX ON inventory_copy (tenant, item_id);

CREATE TABLE inventory_copy_position (
    tenant    text PRIMARY KEY,
    change_id text                      -- the last change that the copy contains
);
