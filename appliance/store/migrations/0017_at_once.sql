-- Several numbers dialled at once for one operator: up to how many, and calls that another's answer outran.
ALTER TABLE project ADD COLUMN dials_at_once INTEGER NOT NULL DEFAULT 1;

-- A CHECK cannot be changed in place.
CREATE TABLE attempt_new (
    id INTEGER PRIMARY KEY,
    tenant_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    list_id INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    number TEXT NOT NULL,
    caller TEXT NOT NULL DEFAULT '',
    seat_id INTEGER NOT NULL DEFAULT 0,
    user_id INTEGER NOT NULL DEFAULT 0,
    span INTEGER NOT NULL DEFAULT 0,
    channel INTEGER NOT NULL DEFAULT 0,
    opened_at INTEGER NOT NULL,
    setup_at INTEGER NOT NULL DEFAULT 0,
    alerting_at INTEGER NOT NULL DEFAULT 0,
    answered_at INTEGER NOT NULL DEFAULT 0,
    connected_at INTEGER NOT NULL DEFAULT 0,
    cleared_at INTEGER NOT NULL DEFAULT 0,
    cause INTEGER NOT NULL DEFAULT 0,
    result TEXT NOT NULL DEFAULT '',
    end TEXT NOT NULL DEFAULT '' CHECK (end IN ('', 'result', 'fault', 'withdrawn', 'interrupted', 'outrun')),
    was_callable INTEGER NOT NULL DEFAULT 1,
    previous_code TEXT NOT NULL DEFAULT '',
    previous_called_at INTEGER NOT NULL DEFAULT 0,
    kind TEXT NOT NULL DEFAULT 'list'
) STRICT;
INSERT INTO attempt_new SELECT * FROM attempt;
DROP TABLE attempt;
ALTER TABLE attempt_new RENAME TO attempt;
CREATE INDEX attempt_open ON attempt (customer_id) WHERE end = '';
CREATE INDEX attempt_customer ON attempt (customer_id);
CREATE INDEX attempt_project ON attempt (project_id, setup_at);
CREATE INDEX attempt_interrupted ON attempt (tenant_id, opened_at) WHERE end = 'interrupted';
CREATE INDEX attempt_outrun ON attempt (user_id, setup_at) WHERE end = 'outrun';
