-- How many wait for a person, by reason: counted and listed for a tenant, whatever the partitions.
CREATE INDEX orders_attention_code ON orders (tenant, attention, id) WHERE attention IS NOT NULL;
