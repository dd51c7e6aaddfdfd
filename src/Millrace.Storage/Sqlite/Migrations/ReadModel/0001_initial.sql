-- Tables are clustered by partition so that a checkpoint's rows land on few pages.

CREATE TABLE progress (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    store_id BLOB NOT NULL,
    -- Rows of the journal below scan_from are covered by checkpoints; rows to last_position existed when that was written.
    scan_from INTEGER NOT NULL,
    last_position INTEGER NOT NULL
);

CREATE TABLE checkpoint (
    partition INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    chain BLOB NOT NULL,
    position INTEGER NOT NULL,
    state BLOB NOT NULL
);

CREATE TABLE orders (
    partition INTEGER NOT NULL,
    id BLOB NOT NULL,
    tenant TEXT NOT NULL,
    status INTEGER NOT NULL,
    version INTEGER NOT NULL,
    customer TEXT,
    due_at INTEGER,
    attention TEXT,
    doc BLOB NOT NULL,
    PRIMARY KEY (partition, id)
) WITHOUT ROWID;

CREATE INDEX orders_due ON orders (partition, due_at) WHERE due_at IS NOT NULL;

-- Few rows at any time, asked for newest first over all partitions.
CREATE INDEX orders_attention ON orders (id, tenant) WHERE attention IS NOT NULL;

-- Names and customers: sorted runs of random keys, see KeyRuns.cs.
CREATE TABLE key_run (
    id INTEGER PRIMARY KEY,
    scope INTEGER NOT NULL,
    level INTEGER NOT NULL,
    entries INTEGER NOT NULL
);

CREATE INDEX key_run_scope ON key_run (scope, level);

CREATE TABLE key_block (
    run INTEGER NOT NULL,
    first BLOB NOT NULL,
    entries BLOB NOT NULL,
    PRIMARY KEY (run, first)
) WITHOUT ROWID;

CREATE TABLE stock (
    partition INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    sku TEXT NOT NULL,
    doc BLOB NOT NULL,
    PRIMARY KEY (partition, tenant, sku)
) WITHOUT ROWID;
