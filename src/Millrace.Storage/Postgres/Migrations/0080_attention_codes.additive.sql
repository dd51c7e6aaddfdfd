-- How many wait for a person, by reason: counted and listed for a tenant, whatever the partitions.
-- Only for months to come: to make it for those that are there, all their orders would be read while no node could write a checkpoint. Of those the index of all
-- that wait is read.
CREATE INDEX orders_attention_code ON ONLY orders (tenant, attention, id) WHERE attention IS NOT NULL;
