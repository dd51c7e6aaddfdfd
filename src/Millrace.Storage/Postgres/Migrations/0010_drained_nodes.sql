-- Nodes that an operator took the partitions from. By name, so that it holds over a restart.
CREATE TABLE drained_node (
    name text PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT now()
);
