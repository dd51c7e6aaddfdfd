-- A store may lie in several databases. A partition is in the one that has its row in partition_head: claims, appends and confirmations
-- find nothing in any other. What is here says where to look for that row, and how far a move of it has come.
ALTER TABLE store ADD COLUMN shard text NOT NULL DEFAULT 'home';
-- Of this database, not of the store: another one under the same shard's name is found out.
ALTER TABLE store ADD COLUMN database_id uuid NOT NULL DEFAULT gen_random_uuid();

-- At home only, from here to move_attempt.
CREATE TABLE shard (
    name text PRIMARY KEY,
    database_id uuid NOT NULL
);

-- Raised with every change of a place.
CREATE TABLE shard_map (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    version bigint NOT NULL
);
INSERT INTO shard_map (version) VALUES (1);

-- A partition without a row is at home.
CREATE TABLE partition_place (
    partition integer PRIMARY KEY,
    shard text NOT NULL
);

CREATE TABLE partition_move (
    partition integer PRIMARY KEY,
    source text NOT NULL,
    target text NOT NULL,
    stage text NOT NULL CHECK (stage IN ('copying', 'copied', 'switched')),
    attempt bigint NOT NULL,
    began_at timestamptz NOT NULL DEFAULT now()
);

CREATE SEQUENCE move_attempt;

-- In the source and in the target of a move: which attempt may write. In the source also the head that has left, until the partition leaves it once more.
CREATE TABLE partition_transit (
    partition integer PRIMARY KEY,
    attempt bigint NOT NULL,
    epoch bigint,
    seq bigint,
    chain bytea
);
