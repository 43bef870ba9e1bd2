-- Who listened to whom and how, stretch by stretch; why a break was taken; whether both sides are told.

CREATE TABLE listening (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    user_id INTEGER NOT NULL,
    seat_id INTEGER NOT NULL,
    operator_id INTEGER NOT NULL,
    how TEXT NOT NULL CHECK (how IN ('listen', 'whisper', 'barge')),
    from_at INTEGER NOT NULL,
    to_at INTEGER NOT NULL DEFAULT 0,
    ended TEXT NOT NULL DEFAULT '',
    UNIQUE (user_id, from_at)
) STRICT;
CREATE INDEX listening_tenant ON listening (tenant_id, from_at);
CREATE INDEX listening_operator ON listening (operator_id, from_at);

ALTER TABLE seat_interval ADD COLUMN reason TEXT NOT NULL DEFAULT '';

ALTER TABLE project ADD COLUMN is_listening_told INTEGER NOT NULL DEFAULT 0;
