-- What running services keep between restarts; changed by compare-and-set of the version. Ids are ordered as their bytes are, whatever the database's language.
CREATE TABLE record (
    kind text NOT NULL COLLATE "C",
    id text NOT NULL COLLATE "C",
    version bigint NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (kind, id)
);
