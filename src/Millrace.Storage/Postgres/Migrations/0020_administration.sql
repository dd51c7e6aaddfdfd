-- Only ever added to. Keys, and which nodes are drained, are what follows from the entries.
CREATE TABLE audit (
    seq bigint PRIMARY KEY,
    at bigint NOT NULL,
    actor_kind integer NOT NULL,
    actor text,
    tenant text,
    action text NOT NULL,
    subject text NOT NULL,
    detail text NOT NULL,
    chain text NOT NULL
);

CREATE INDEX audit_tenant ON audit (tenant, seq);

CREATE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only added to';
END $$;
CREATE TRIGGER audit_is_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON audit EXECUTE FUNCTION audit_is_only_added_to();

CREATE TABLE key_use (
    key text PRIMARY KEY,
    last_used bigint NOT NULL
);

-- Follows from the audit log since.
DROP TABLE drained_node;
