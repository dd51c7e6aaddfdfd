CREATE TABLE store (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    -- The read model carries the same one: files of two stores do not fit together.
    store_id BLOB NOT NULL,
    partition_count INTEGER NOT NULL
);

CREATE TABLE partition_head (
    partition INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    owner TEXT NOT NULL,
    released INTEGER NOT NULL
);

-- One row a commit. The frames inside are described in JournalFrames.cs; see docs/adr/0001.
CREATE TABLE journal (
    position INTEGER PRIMARY KEY,
    batches BLOB NOT NULL
);
