-- When each desk phone was last registered: who was there lately and is not now is missed.
CREATE TABLE phone_seen (
    extension TEXT PRIMARY KEY,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
