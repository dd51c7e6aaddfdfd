-- Where a partition's log begins, once its first days are archived: the last batch that is not here any more. Without a row it begins at its beginning.
CREATE TABLE journal_archived (
    partition integer PRIMARY KEY,
    seq bigint NOT NULL,
    chain bytea NOT NULL
);
