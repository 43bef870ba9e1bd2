-- Result attributes of an entry without a call; those of a call are kept by its attempt.
CREATE TABLE note_attribute (
    history_id INTEGER NOT NULL REFERENCES history (id),
    attribute_id INTEGER NOT NULL REFERENCES attribute (id),
    tenant_id INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (history_id, attribute_id)
) STRICT, WITHOUT ROWID;
