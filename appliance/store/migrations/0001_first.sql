-- The tables of the first release.  Times end in _at: milliseconds since 1970 (UTC), 0 where it has not
-- happened.  Days are YYYYMMDD in the site's time zone.  Never change this file: add the next number.

CREATE TABLE tenant (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entry_code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- People.  A retired user's row stays for ever: its names are never given to another.
CREATE TABLE user (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    login_name TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('MGR', 'SV', 'OP', 'BIZ', 'BY')),
    password_hash TEXT NOT NULL DEFAULT '',
    password_set_at INTEGER NOT NULL DEFAULT 0,
    is_password_temporary INTEGER NOT NULL DEFAULT 1,
    phone_id TEXT,
    pin_hash TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    retired_at INTEGER NOT NULL DEFAULT 0,
    UNIQUE (tenant_id, login_name),
    UNIQUE (tenant_id, name),
    UNIQUE (phone_id)
) STRICT;

CREATE TABLE session (
    token_hash TEXT PRIMARY KEY,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    user_id INTEGER NOT NULL REFERENCES user (id),
    csrf TEXT NOT NULL,
    address TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_user ON session (user_id);

CREATE TABLE login_failure (
    subject TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    locked_until INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Every entry carries the hash of the one before it, so that a changed or missing one shows.
CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL DEFAULT 0,
    at INTEGER NOT NULL,
    user_id INTEGER NOT NULL DEFAULT 0,
    user_name TEXT NOT NULL DEFAULT '',
    role TEXT NOT NULL DEFAULT '',
    screen TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_log_at ON audit_log (tenant_id, at);

CREATE TABLE seat (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER REFERENCES tenant (id),
    label TEXT NOT NULL UNIQUE,
    extension TEXT NOT NULL UNIQUE,
    ha1 TEXT NOT NULL DEFAULT '',
    floor INTEGER NOT NULL DEFAULT 1,
    x INTEGER NOT NULL DEFAULT 0,
    y INTEGER NOT NULL DEFAULT 0,
    retired_at INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Who sits where, for a restart of the dialer.
CREATE TABLE seat_standing (
    seat_id INTEGER PRIMARY KEY,
    leg TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    attempt_id INTEGER NOT NULL DEFAULT 0,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE project (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    name TEXT NOT NULL,
    is_active INTEGER NOT NULL DEFAULT 1,
    mode TEXT NOT NULL DEFAULT 'adaptive'
        CHECK (mode IN ('preview', 'progressive', 'overdial', 'ratio', 'adaptive')),
    overdial INTEGER NOT NULL DEFAULT 1,
    ratio REAL NOT NULL DEFAULT 1.5,
    abandon_target REAL NOT NULL DEFAULT 0.03,
    channel_share INTEGER NOT NULL DEFAULT 115,
    ring_timeout_s REAL NOT NULL DEFAULT 25.0,
    answer_window_s REAL NOT NULL DEFAULT 2.0,
    interval_min_s INTEGER NOT NULL DEFAULT 0,
    attempts_max INTEGER NOT NULL DEFAULT 0,
    is_presented INTEGER NOT NULL DEFAULT 1,
    is_ring_cut INTEGER NOT NULL DEFAULT 0,
    is_take_back INTEGER NOT NULL DEFAULT 0,
    hours TEXT NOT NULL DEFAULT '[]',
    apology TEXT NOT NULL DEFAULT '',
    memory TEXT NOT NULL DEFAULT '{}',
    created_at INTEGER NOT NULL,
    retired_at INTEGER NOT NULL DEFAULT 0,
    UNIQUE (tenant_id, name)
) STRICT;

CREATE TABLE caller_number (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    project_id INTEGER NOT NULL REFERENCES project (id),
    number TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    is_main INTEGER NOT NULL DEFAULT 0,
    UNIQUE (project_id, number)
) STRICT;
CREATE UNIQUE INDEX caller_number_main ON caller_number (project_id) WHERE is_main = 1;

CREATE TABLE result_code (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    project_id INTEGER NOT NULL REFERENCES project (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL DEFAULT 'own' CHECK (kind IN ('own', 'fixed', 'system')),
    sort INTEGER NOT NULL DEFAULT 0,
    middle_class TEXT NOT NULL DEFAULT '',
    fine_class TEXT NOT NULL DEFAULT '',
    is_dials INTEGER NOT NULL DEFAULT 0,
    is_connect INTEGER NOT NULL DEFAULT 0,
    is_contact INTEGER NOT NULL DEFAULT 0,
    is_contact_p INTEGER NOT NULL DEFAULT 0,
    is_dmc INTEGER NOT NULL DEFAULT 0,
    is_complete INTEGER NOT NULL DEFAULT 0,
    is_sales INTEGER NOT NULL DEFAULT 0,
    is_forbidding INTEGER NOT NULL DEFAULT 0,
    is_on_phone INTEGER NOT NULL DEFAULT 1,
    retired_at INTEGER NOT NULL DEFAULT 0,
    UNIQUE (project_id, code)
) STRICT;

CREATE TABLE list (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    project_id INTEGER NOT NULL REFERENCES project (id),
    name TEXT NOT NULL,
    label TEXT NOT NULL DEFAULT '',
    is_enabled INTEGER NOT NULL DEFAULT 1,
    state TEXT NOT NULL DEFAULT 'stopped' CHECK (state IN ('stopped', 'started', 'paused')),
    order_mode TEXT NOT NULL DEFAULT 'id' CHECK (order_mode IN ('id', 'random')),
    order_from_id INTEGER NOT NULL DEFAULT 0,
    headers TEXT NOT NULL DEFAULT '[]',
    last_called_at INTEGER NOT NULL DEFAULT 0,
    is_hidden INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX list_project ON list (project_id);
CREATE UNIQUE INDEX list_name ON list (project_id, name) WHERE deleted_at = 0;

CREATE TABLE list_permission (
    list_id INTEGER NOT NULL REFERENCES list (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES user (id),
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    PRIMARY KEY (list_id, user_id)
) STRICT, WITHOUT ROWID;

-- Each time a code was permitted again in a list; the customers themselves carry is_callable.
CREATE TABLE recall_permission (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    list_id INTEGER NOT NULL REFERENCES list (id) ON DELETE CASCADE,
    code TEXT NOT NULL,
    customers INTEGER NOT NULL DEFAULT 0,
    user_id INTEGER NOT NULL DEFAULT 0,
    at INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX recall_permission_list ON recall_permission (list_id, code);

-- One row of a list.  is_callable: never called, or called and permitted again.  fields is a JSON array in
-- the order of the list's headers.  No foreign keys here: a million rows are checked by their import.
CREATE TABLE customer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    list_id INTEGER NOT NULL,
    import_id INTEGER NOT NULL DEFAULT 0,
    number TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL DEFAULT '',
    kana TEXT NOT NULL DEFAULT '',
    sex TEXT NOT NULL DEFAULT '',
    age INTEGER NOT NULL DEFAULT 0,
    fields TEXT NOT NULL DEFAULT '[]',
    random_key INTEGER NOT NULL DEFAULT 0,
    is_callable INTEGER NOT NULL DEFAULT 1,
    is_worked INTEGER NOT NULL DEFAULT 0,
    is_duplicate INTEGER NOT NULL DEFAULT 0,
    last_code TEXT NOT NULL DEFAULT '',
    last_called_at INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX customer_by_id ON customer (list_id, id) WHERE is_callable = 1;
CREATE INDEX customer_by_random ON customer (list_id, random_key, id) WHERE is_callable = 1;
CREATE INDEX customer_by_code ON customer (list_id, last_code, is_callable);
CREATE INDEX customer_by_number ON customer (number);
CREATE INDEX customer_by_import ON customer (import_id) WHERE import_id > 0;

-- Imports whose rows nobody may see yet, or no longer: every query over customers leaves them out.
CREATE TABLE hidden_import (
    import_id INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE customer_number (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL,
    customer_id INTEGER NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    number TEXT NOT NULL,
    label TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX customer_number_customer ON customer_number (customer_id);
CREATE INDEX customer_number_number ON customer_number (number);

-- One dial.  end: '' open, result, fault, withdrawn, interrupted.  The dialer gives out the ids.
CREATE TABLE attempt (
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
    end TEXT NOT NULL DEFAULT '' CHECK (end IN ('', 'result', 'fault', 'withdrawn', 'interrupted')),
    was_callable INTEGER NOT NULL DEFAULT 1,
    previous_code TEXT NOT NULL DEFAULT '',
    previous_called_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX attempt_open ON attempt (customer_id) WHERE end = '';
CREATE INDEX attempt_customer ON attempt (customer_id);
CREATE INDEX attempt_project ON attempt (project_id, setup_at);
CREATE INDEX attempt_interrupted ON attempt (tenant_id, opened_at) WHERE end = 'interrupted';

-- One contact with a customer: an attempt with a result, or a note added without a call.
CREATE TABLE history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    list_id INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    attempt_id INTEGER,
    user_id INTEGER NOT NULL DEFAULT 0,
    seat_id INTEGER NOT NULL DEFAULT 0,
    number TEXT NOT NULL DEFAULT '',
    code TEXT NOT NULL DEFAULT '',
    memo TEXT NOT NULL DEFAULT '',
    at INTEGER NOT NULL,
    talk_ms INTEGER NOT NULL DEFAULT 0,
    wait_ms INTEGER NOT NULL DEFAULT 0,
    wrap_ms INTEGER NOT NULL DEFAULT 0,
    edited_at INTEGER NOT NULL DEFAULT 0,
    edited_by INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX history_attempt ON history (attempt_id) WHERE attempt_id IS NOT NULL;
CREATE INDEX history_customer ON history (customer_id, at);
CREATE INDEX history_project ON history (project_id, at);
CREATE INDEX history_tenant ON history (tenant_id, at);
CREATE INDEX history_user ON history (user_id, at) WHERE user_id > 0;
CREATE INDEX history_number ON history (number);

-- The key opens the file; without this row the recording is noise.
CREATE TABLE recording (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL,
    attempt_id INTEGER NOT NULL,
    path TEXT NOT NULL UNIQUE,
    key BLOB NOT NULL,
    started_at INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL DEFAULT 0,
    size_bytes INTEGER NOT NULL DEFAULT 0,
    finished_at INTEGER NOT NULL DEFAULT 0,
    lost_reason TEXT NOT NULL DEFAULT '',
    deleted_at INTEGER NOT NULL DEFAULT 0,
    deleted_reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX recording_attempt ON recording (attempt_id);
CREATE INDEX recording_standing ON recording (started_at) WHERE deleted_at = 0;

-- forbid: for ever; suspend: from a day to a day; exclude: for one run.  project_id 0: all of the tenant's.
CREATE TABLE blocked_number (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    number TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('forbid', 'suspend', 'exclude')),
    project_id INTEGER NOT NULL DEFAULT 0,
    from_day INTEGER NOT NULL DEFAULT 0,
    to_day INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    origin TEXT NOT NULL DEFAULT 'form',
    attempt_id INTEGER NOT NULL DEFAULT 0,
    customer_id INTEGER NOT NULL DEFAULT 0,
    user_id INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    released_at INTEGER NOT NULL DEFAULT 0,
    released_by INTEGER NOT NULL DEFAULT 0,
    release_reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX blocked_number_standing
    ON blocked_number (number, tenant_id, kind, project_id, from_day, to_day) WHERE released_at = 0;
CREATE INDEX blocked_number_tenant ON blocked_number (tenant_id, kind, id);

-- What the dialer reads to follow the table above.
CREATE TABLE blocked_change (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    blocked_id INTEGER NOT NULL REFERENCES blocked_number (id),
    is_released INTEGER NOT NULL
) STRICT;

CREATE TABLE seat_interval (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    seat_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    list_id INTEGER NOT NULL DEFAULT 0,
    kind TEXT NOT NULL CHECK (kind IN ('wait', 'talk', 'wrap', 'break', 'paused')),
    from_at INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    attempt_id INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX seat_interval_project ON seat_interval (project_id, from_at);
CREATE INDEX seat_interval_user ON seat_interval (user_id, from_at);

CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL DEFAULT 0,
    kind TEXT NOT NULL CHECK (kind IN ('import', 'undo', 'prune', 'compare')),
    state TEXT NOT NULL CHECK (state IN ('checking', 'waiting', 'running', 'done', 'partly', 'failed', 'cancelled', 'undone')),
    project_id INTEGER NOT NULL DEFAULT 0,
    list_id INTEGER NOT NULL DEFAULT 0,
    parent_id INTEGER NOT NULL DEFAULT 0,
    file_name TEXT NOT NULL DEFAULT '',
    path TEXT NOT NULL DEFAULT '',
    plan TEXT NOT NULL DEFAULT '{}',
    result TEXT NOT NULL DEFAULT '{}',
    rows_total INTEGER NOT NULL DEFAULT 0,
    rows_done INTEGER NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT '',
    is_cancelling INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    started_at INTEGER NOT NULL DEFAULT 0,
    seen_at INTEGER NOT NULL DEFAULT 0,
    finished_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX job_tenant ON job (tenant_id, kind, id);

CREATE TABLE import_row_error (
    job_id INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    line INTEGER NOT NULL,
    value TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL,
    fix TEXT NOT NULL,
    PRIMARY KEY (job_id, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE incoming_call (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL DEFAULT 0,
    project_id INTEGER NOT NULL DEFAULT 0,
    customer_id INTEGER NOT NULL DEFAULT 0,
    called TEXT NOT NULL,
    caller TEXT NOT NULL,
    span INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX incoming_call_at ON incoming_call (tenant_id, at);

-- Reports read this: it changes in the same transaction as the rows it counts.  code '' carries what has no
-- code (attempts, seat time); user 0 and list 0 stand for none.
CREATE TABLE hour_counter (
    project_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    list_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    code TEXT NOT NULL,
    tenant_id INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    answered INTEGER NOT NULL DEFAULT 0,
    connected INTEGER NOT NULL DEFAULT 0,
    entries INTEGER NOT NULL DEFAULT 0,
    talk_ms INTEGER NOT NULL DEFAULT 0,
    wait_ms INTEGER NOT NULL DEFAULT 0,
    wrap_ms INTEGER NOT NULL DEFAULT 0,
    break_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (project_id, day, hour, list_id, user_id, code)
) STRICT, WITHOUT ROWID;

-- A list's customers by last code ('' never called): how many, callable, worked.
CREATE TABLE list_counter (
    list_id INTEGER NOT NULL REFERENCES list (id) ON DELETE CASCADE,
    code TEXT NOT NULL,
    customers INTEGER NOT NULL DEFAULT 0,
    callable INTEGER NOT NULL DEFAULT 0,
    worked INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (list_id, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE monitor_device (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL DEFAULT 0,
    name TEXT NOT NULL DEFAULT '',
    code TEXT NOT NULL DEFAULT '',
    token_hash TEXT NOT NULL UNIQUE,
    requested_at INTEGER NOT NULL,
    enrolled_at INTEGER NOT NULL DEFAULT 0,
    enrolled_by INTEGER NOT NULL DEFAULT 0,
    retired_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE setting (
    tenant_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;
