-- A tenant's catalog in order, whatever the partitions. A checkpoint changes no key, so it does not touch this.
CREATE INDEX stock_by_sku ON stock (tenant, sku);
