-- How many wait for a person, by reason: counted and listed for a tenant, whatever the partitions. Few rows at any time; the first start with it reads all orders.
CREATE INDEX orders_attention_code ON orders (tenant, attention, id) WHERE attention IS NOT NULL;
