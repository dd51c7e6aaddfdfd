-- Only ever added to. Keys and settings are what follows from the entries.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor_kind INTEGER NOT NULL,
    actor TEXT,
    tenant TEXT,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    chain TEXT NOT NULL
) STRICT;

CREATE INDEX audit_tenant ON audit (tenant, seq);

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;

CREATE TABLE key_use (
    key TEXT PRIMARY KEY,
    last_used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
