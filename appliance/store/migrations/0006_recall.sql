-- What was agreed at one contact about calling again: when, who, how likely.  is_promise: it stands in 見込・再コール.
-- attempt_id is known before the entry is: the page writes first, the dialer's entry (history_id) follows.
-- tried_*: the last try that reached nobody.  done_reason: kept, replaced, hopeless, hand; '' while it is open.
CREATE TABLE recall (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    customer_id INTEGER NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    attempt_id INTEGER,
    history_id INTEGER,
    user_id INTEGER NOT NULL DEFAULT 0,
    successor_id INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL DEFAULT 0,
    level TEXT NOT NULL DEFAULT '',
    memo TEXT NOT NULL DEFAULT '',
    made_at INTEGER NOT NULL,
    code TEXT NOT NULL DEFAULT '',
    is_promise INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    tried_at INTEGER NOT NULL DEFAULT 0,
    tried_code TEXT NOT NULL DEFAULT '',
    done_at INTEGER NOT NULL DEFAULT 0,
    done_by INTEGER NOT NULL DEFAULT 0,
    done_code TEXT NOT NULL DEFAULT '',
    done_reason TEXT NOT NULL DEFAULT '' CHECK (done_reason IN ('', 'kept', 'replaced', 'hopeless', 'hand'))
) STRICT;
CREATE UNIQUE INDEX recall_attempt ON recall (attempt_id) WHERE attempt_id IS NOT NULL;
CREATE UNIQUE INDEX recall_history ON recall (history_id) WHERE history_id IS NOT NULL;
CREATE INDEX recall_customer ON recall (customer_id);
CREATE INDEX recall_open ON recall (due_at) WHERE is_promise = 1 AND done_at = 0;
CREATE INDEX recall_tenant ON recall (tenant_id, due_at) WHERE is_promise = 1;
