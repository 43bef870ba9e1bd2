-- Filters of a page kept under a name: own ones, and those shared with the tenant's other people.
CREATE TABLE saved_view (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    user_id INTEGER NOT NULL REFERENCES user (id),
    page TEXT NOT NULL CHECK (page IN ('history', 'reports')),
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    is_shared INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    UNIQUE (tenant_id, user_id, page, name)
) STRICT;
