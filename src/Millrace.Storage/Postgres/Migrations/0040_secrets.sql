-- What all nodes must know and nobody else: made once, never changed.
CREATE TABLE secret (
    name text PRIMARY KEY,
    value bytea NOT NULL
);
