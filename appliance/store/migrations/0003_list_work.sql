-- Work on whole lists: moving customers between lists, exports; formats of imports that are offered again.
-- A kind of job is checked where it is worked (jobs.py), so that the table need not be made again for the next.

CREATE TABLE job_next (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL DEFAULT 0,
    kind TEXT NOT NULL,
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
INSERT INTO job_next (
    id, tenant_id, user_id, kind, state, project_id, list_id, parent_id, file_name, path, plan, result,
    rows_total, rows_done, message, is_cancelling, created_at, started_at, seen_at, finished_at
) SELECT
    id, tenant_id, user_id, kind, state, project_id, list_id, parent_id, file_name, path, plan, result,
    rows_total, rows_done, message, is_cancelling, created_at, started_at, seen_at, finished_at
FROM job;

-- The rows that refer to the old table go first: dropping it would take them along.
CREATE TABLE import_row_error_next (
    job_id INTEGER NOT NULL REFERENCES job_next (id) ON DELETE CASCADE,
    line INTEGER NOT NULL,
    value TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL,
    fix TEXT NOT NULL,
    PRIMARY KEY (job_id, line)
) STRICT, WITHOUT ROWID;
INSERT INTO import_row_error_next (job_id, line, value, name, reason, fix)
SELECT job_id, line, value, name, reason, fix FROM import_row_error;
DROP TABLE import_row_error;
DROP TABLE job;
ALTER TABLE job_next RENAME TO job;
ALTER TABLE import_row_error_next RENAME TO import_row_error;
CREATE INDEX job_tenant ON job (tenant_id, kind, id);

-- Who was moved, by which job and whence: the customer's ID of that time still finds it, and the job is undone.
CREATE TABLE moved_customer (
    job_id INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    from_list_id INTEGER NOT NULL,
    to_list_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (job_id, customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX moved_customer_customer ON moved_customer (customer_id);

-- What became of the columns of a file with these headers, offered when such a file comes again.
CREATE TABLE import_format (
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    fingerprint TEXT NOT NULL,
    file_name TEXT NOT NULL DEFAULT '',
    columns TEXT NOT NULL,
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, fingerprint)
) STRICT, WITHOUT ROWID;
