-- Months of orders that are in a file: ids from low to below high, which are times. An order that has changed since is a row again, and the row counts.
CREATE TABLE order_archive (
    folder text PRIMARY KEY,
    low uuid NOT NULL,
    high uuid NOT NULL,
    orders bigint NOT NULL
);

-- What changes in a month's table while it is written to a file. Not unlogged: after a crash it would be empty, and its triggers still there.
CREATE TABLE order_change (
    id uuid NOT NULL
);

CREATE FUNCTION order_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO order_change (id) VALUES (coalesce(NEW.id, OLD.id));
    RETURN NULL;
END $$;
