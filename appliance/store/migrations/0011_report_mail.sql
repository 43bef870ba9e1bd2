-- Reports by mail: to whom a project's reports go, what was reported, and who may read it.

-- addresses: a JSON array.
CREATE TABLE report_setting (
    project_id INTEGER PRIMARY KEY REFERENCES project (id),
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    is_on INTEGER NOT NULL DEFAULT 0,
    addresses TEXT NOT NULL DEFAULT '[]',
    subject TEXT NOT NULL DEFAULT '',
    header TEXT NOT NULL DEFAULT '',
    footer TEXT NOT NULL DEFAULT '',
    changed_at INTEGER NOT NULL DEFAULT 0,
    changed_by INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE report_recipient (
    project_id INTEGER NOT NULL REFERENCES project (id),
    user_id INTEGER NOT NULL REFERENCES user (id),
    tenant_id INTEGER NOT NULL,
    PRIMARY KEY (project_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_recipient_user ON report_recipient (user_id);

-- 保存して報告 was pressed, and the dialer has not written the entry yet.
CREATE TABLE report_wish (
    attempt_id INTEGER PRIMARY KEY,
    tenant_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- One entry is one report: changed before it went out it is written anew, afterwards reported again by hand.
-- mail_id 0: for the page alone, no addresses were set.
CREATE TABLE report_delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    history_id INTEGER NOT NULL REFERENCES history (id) ON DELETE CASCADE,
    customer_id INTEGER NOT NULL,
    reported_by INTEGER NOT NULL,
    reported_at INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    mail_id INTEGER NOT NULL DEFAULT 0,
    UNIQUE (history_id, content_hash)
) STRICT;
CREATE INDEX report_delivery_tenant ON report_delivery (tenant_id, reported_at);
CREATE INDEX report_delivery_customer ON report_delivery (customer_id);

CREATE TABLE report_reader (
    user_id INTEGER NOT NULL REFERENCES user (id),
    delivery_id INTEGER NOT NULL REFERENCES report_delivery (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, delivery_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_reader_delivery ON report_reader (delivery_id);

-- recipients '': the site's own.  is_once: a letter with customer data, handed over at most once; handing_at is
-- committed before it is, so that after a crash nobody sends it again unasked.
ALTER TABLE mail ADD COLUMN recipients TEXT NOT NULL DEFAULT '';
ALTER TABLE mail ADD COLUMN is_once INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mail ADD COLUMN handing_at INTEGER NOT NULL DEFAULT 0;
