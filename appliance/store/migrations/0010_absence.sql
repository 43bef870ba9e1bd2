-- Breaks of people at the page: the page stays locked until they are back.
CREATE TABLE absence (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    user_id INTEGER NOT NULL REFERENCES user (id),
    reason TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    from_at INTEGER NOT NULL DEFAULT 0,
    ended_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX absence_standing ON absence (user_id) WHERE ended_at = 0;
CREATE INDEX absence_day ON absence (tenant_id, from_at);
