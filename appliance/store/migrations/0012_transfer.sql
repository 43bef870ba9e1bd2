-- Short dials of a project's transfers.  code: the result stored when a customer is handed over to it, '' for none.
CREATE TABLE transfer_target (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    project_id INTEGER NOT NULL REFERENCES project (id),
    short TEXT NOT NULL CHECK (length(short) = 3),
    name TEXT NOT NULL,
    number TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT '',
    sort INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX transfer_target_short ON transfer_target (project_id, short);

-- One third party's call.  outcome: '' while it stands; handed, dropped, left, customer-left, lost, or why it failed.
-- A call on a line is charged from answered_at to cleared_at.  is_house: number is an extension, nothing is charged.
CREATE TABLE transfer (
    id INTEGER PRIMARY KEY,
    tenant_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    list_id INTEGER NOT NULL DEFAULT 0,
    customer_id INTEGER NOT NULL DEFAULT 0,
    attempt_id INTEGER NOT NULL,
    seat_id INTEGER NOT NULL DEFAULT 0,
    user_id INTEGER NOT NULL DEFAULT 0,
    target_id INTEGER NOT NULL DEFAULT 0,
    number TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    is_house INTEGER NOT NULL DEFAULT 0,
    to_seat_id INTEGER NOT NULL DEFAULT 0,
    to_user_id INTEGER NOT NULL DEFAULT 0,
    asked_at INTEGER NOT NULL,
    setup_at INTEGER NOT NULL DEFAULT 0,
    alerting_at INTEGER NOT NULL DEFAULT 0,
    answered_at INTEGER NOT NULL DEFAULT 0,
    handed_at INTEGER NOT NULL DEFAULT 0,
    cleared_at INTEGER NOT NULL DEFAULT 0,
    cause INTEGER NOT NULL DEFAULT 0,
    outcome TEXT NOT NULL DEFAULT '',
    code TEXT NOT NULL DEFAULT '',
    is_joined INTEGER NOT NULL DEFAULT 0,
    hidden_at INTEGER NOT NULL DEFAULT 0 -- taken out of the inbox by hand
) STRICT;
CREATE INDEX transfer_attempt ON transfer (attempt_id);
CREATE INDEX transfer_tenant ON transfer (tenant_id, asked_at);
CREATE INDEX transfer_open ON transfer (id) WHERE cleared_at = 0;

-- Whether what customer and third party say after a hand-over is recorded.
ALTER TABLE project ADD COLUMN is_transfer_recorded INTEGER NOT NULL DEFAULT 1;
