-- A tenant's catalog in order, whatever the partitions and the database's language. A checkpoint changes no key, so its updates stay heap-only.
CREATE INDEX stock_by_sku ON stock (tenant, sku COLLATE "C");
