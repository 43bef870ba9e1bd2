-- A second factor of log-in: the secret of a person's authenticator, codes for when it is lost, and log-ins
-- whose password was right and whose code is awaited.
CREATE TABLE second_factor (
    user_id INTEGER PRIMARY KEY REFERENCES user (id),
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    secret BLOB NOT NULL,
    begun_at INTEGER NOT NULL,
    confirmed_at INTEGER NOT NULL DEFAULT 0, -- 0: shown, and not proved yet
    last_step INTEGER NOT NULL DEFAULT 0     -- a code is taken once
) STRICT;
CREATE TABLE recovery_code (
    user_id INTEGER NOT NULL REFERENCES user (id),
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    code_hash TEXT NOT NULL,
    used_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE login_step (
    token_hash TEXT PRIMARY KEY,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    user_id INTEGER NOT NULL REFERENCES user (id),
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
