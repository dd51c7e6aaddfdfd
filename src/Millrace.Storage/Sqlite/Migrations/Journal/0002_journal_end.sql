-- The journal's last row, written with it in one commit. A file or a page that was cut short would otherwise be a shorter journal.
CREATE TABLE journal_end (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL
);
INSERT INTO journal_end (id, position) SELECT 1, coalesce(max(position), 0) FROM journal;
