-- What the monitor must still know after a restart: alarms that stand, their history, a day of figures, mail.
CREATE TABLE alarm_state (
    check_name TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('raised', 'acknowledged')),
    status INTEGER NOT NULL,
    raised_at INTEGER NOT NULL,
    who TEXT NOT NULL DEFAULT '',
    acknowledged_at INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE alarm_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    check_name TEXT NOT NULL,
    event TEXT NOT NULL,
    status INTEGER NOT NULL,
    sentence TEXT NOT NULL DEFAULT '',
    filling TEXT NOT NULL DEFAULT '{}',
    who TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX alarm_event_at ON alarm_event (at);

CREATE TABLE check_sample (
    check_name TEXT NOT NULL,
    at INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (check_name, at)
) STRICT, WITHOUT ROWID;

-- `topic` de-duplicates: while one of a topic waits, or was sent a short while ago, no second one is queued.
CREATE TABLE mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at INTEGER NOT NULL,
    topic TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    sent_at INTEGER NOT NULL DEFAULT 0,
    given_up_at INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX mail_waiting ON mail (due_at) WHERE sent_at = 0 AND given_up_at = 0;
CREATE INDEX mail_topic ON mail (topic, created_at);

-- One row that the check `database` writes anew: a commit that is measured.
CREATE TABLE commit_probe (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;
