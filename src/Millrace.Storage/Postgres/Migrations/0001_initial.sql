CREATE TABLE store (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    store_id uuid NOT NULL,
    partition_count integer NOT NULL,
    -- What owners write from their next claim on; see PayloadFormat.
    payload_format integer NOT NULL
);

-- One row a partition, changed by every commit of it: the free space in its pages keeps the changes there (heap-only tuples).
CREATE TABLE partition_head (
    partition integer PRIMARY KEY,
    epoch bigint NOT NULL,
    owner text NOT NULL,
    released boolean NOT NULL,
    seq bigint NOT NULL,
    chain bytea NOT NULL
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- One row a batch. A day's rows are dropped at once when they are archived.
CREATE TABLE journal (
    partition integer NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    epoch bigint NOT NULL,
    previous bytea NOT NULL,
    chain bytea NOT NULL,
    payload bytea NOT NULL,
    written_on date NOT NULL DEFAULT current_date,
    PRIMARY KEY (partition, first_seq, written_on)
) PARTITION BY RANGE (written_on);

-- Payloads are dense already, and random keys do not compress.
ALTER TABLE journal ALTER COLUMN payload SET STORAGE EXTERNAL;

-- Its epoch is raised by the claim, in the same commit as the head's: a checkpoint that is under way holds the claim up, a later one is refused.
CREATE TABLE checkpoint (
    partition integer PRIMARY KEY,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    chain bytea NOT NULL,
    state bytea NOT NULL
) WITH (fillfactor = 50);

-- Ids are UUIDv7, so a range of ids is a range of time; a month's orders are archived and dropped at once.
CREATE TABLE orders (
    id uuid PRIMARY KEY,
    partition integer NOT NULL,
    tenant text NOT NULL,
    status smallint NOT NULL,
    version integer NOT NULL,
    customer text,
    due_at bigint,
    attention text,
    doc bytea NOT NULL
) PARTITION BY RANGE (id);

CREATE INDEX orders_tenant ON orders (tenant, id);
CREATE INDEX orders_customer ON orders (tenant, customer, id) WHERE customer IS NOT NULL;
CREATE INDEX orders_due ON orders (partition, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX orders_attention ON orders (id) WHERE attention IS NOT NULL;

CREATE TABLE stock (
    partition integer NOT NULL,
    tenant text NOT NULL,
    sku text NOT NULL,
    doc bytea NOT NULL,
    PRIMARY KEY (partition, tenant, sku)
) WITH (fillfactor = 50);

-- Idempotency keys and external ids. Dropped with the orders that own them.
CREATE TABLE name (
    partition integer NOT NULL,
    hash uuid NOT NULL,
    order_id uuid NOT NULL,
    PRIMARY KEY (partition, hash, order_id)
) PARTITION BY RANGE (order_id);
