-- What the call screen keeps: a project's words for it, what operators type, and who has which customer open.
-- Rows that hang on a customer go with it; each has an index that begins with the customer.

-- How a project's call screen behaves.  script: the talk script, with {column} where a customer's field goes.
CREATE TABLE call_setting (
    project_id INTEGER PRIMARY KEY REFERENCES project (id),
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    script TEXT NOT NULL DEFAULT '',
    wrap_limit_s INTEGER NOT NULL DEFAULT 60,
    auto_call_s INTEGER NOT NULL DEFAULT 15,
    is_mode_free INTEGER NOT NULL DEFAULT 0,
    changed_at INTEGER NOT NULL DEFAULT 0,
    changed_by INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What is asked of a customer or of a result beside the code.  choices: a JSON array of texts.
CREATE TABLE attribute (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    project_id INTEGER NOT NULL REFERENCES project (id),
    target TEXT NOT NULL CHECK (target IN ('customer', 'result')),
    kind TEXT NOT NULL CHECK (kind IN ('check', 'radio', 'select', 'text')),
    name TEXT NOT NULL,
    choices TEXT NOT NULL DEFAULT '[]',
    sort INTEGER NOT NULL DEFAULT 0,
    retired_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX attribute_name ON attribute (project_id, target, name) WHERE retired_at = 0;

-- value: the text, or the chosen choices, one a line.
CREATE TABLE customer_attribute (
    customer_id INTEGER NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    attribute_id INTEGER NOT NULL REFERENCES attribute (id),
    tenant_id INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (customer_id, attribute_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE prospect_level (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    project_id INTEGER NOT NULL REFERENCES project (id),
    name TEXT NOT NULL,
    sort INTEGER NOT NULL DEFAULT 0,
    retired_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX prospect_level_project ON prospect_level (project_id);

CREATE TABLE memo_template (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    project_id INTEGER NOT NULL REFERENCES project (id),
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    sort INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX memo_template_project ON memo_template (project_id);

-- What a person typed about one attempt.  The dialer writes the history entry; both meet by attempt_id,
-- whichever comes first.  What was agreed about calling again stands in recall.
CREATE TABLE history_detail (
    attempt_id INTEGER PRIMARY KEY,
    tenant_id INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    memo TEXT NOT NULL DEFAULT '',
    level_id INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX history_detail_customer ON history_detail (customer_id);

CREATE TABLE history_attribute (
    attempt_id INTEGER NOT NULL,
    attribute_id INTEGER NOT NULL REFERENCES attribute (id),
    tenant_id INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (attempt_id, attribute_id)
) STRICT, WITHOUT ROWID;

-- Entries whose code nobody gave: what the list of 結果未入力 reads.
CREATE INDEX history_uncoded ON history (tenant_id, at) WHERE code IN ('', '98') AND attempt_id IS NOT NULL;

-- Who changed what of a customer, and when.  The imported number is never among it.
CREATE TABLE customer_edit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL,
    customer_id INTEGER NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    field TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL
) STRICT;
CREATE INDEX customer_edit_customer ON customer_edit (customer_id, id);

-- What is typed and not saved yet.  attempt_id 0: typed before the call.  content is JSON of the page's own.
CREATE TABLE draft (
    customer_id INTEGER NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES user (id),
    attempt_id INTEGER NOT NULL,
    tenant_id INTEGER NOT NULL,
    content TEXT NOT NULL,
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (customer_id, user_id, attempt_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX draft_user ON draft (user_id, saved_at);

-- One customer, one call screen.  A lock ends with its session, or when it has not been heard of for a while.
CREATE TABLE screen_lock (
    customer_id INTEGER PRIMARY KEY REFERENCES customer (id) ON DELETE CASCADE,
    tenant_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL REFERENCES user (id),
    session_hash TEXT NOT NULL REFERENCES session (token_hash) ON DELETE CASCADE,
    opened_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX screen_lock_user ON screen_lock (user_id);
CREATE INDEX screen_lock_session ON screen_lock (session_hash);

-- Whom an operator calls next: customers in the order in which they were found, and how far it has come.
CREATE TABLE call_queue (
    user_id INTEGER PRIMARY KEY REFERENCES user (id),
    tenant_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    list_id INTEGER NOT NULL DEFAULT 0,
    title TEXT NOT NULL DEFAULT '',
    customers TEXT NOT NULL,
    place INTEGER NOT NULL DEFAULT 0,
    made_at INTEGER NOT NULL
) STRICT;
