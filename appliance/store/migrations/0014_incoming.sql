-- Who answers a call that comes in: routes by dialled number, weekday and time, each with up to three tiers.

-- called '': every number that the tenant's projects show.  weekdays: a bit a day, 1 is Monday.  From later than
-- to: over midnight.  extensions and choices are JSON arrays.
CREATE TABLE incoming_route (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    project_id INTEGER NOT NULL DEFAULT 0,
    name TEXT NOT NULL,
    called TEXT NOT NULL DEFAULT '',
    weekdays INTEGER NOT NULL DEFAULT 31,
    on_holidays TEXT NOT NULL DEFAULT 'closed' CHECK (on_holidays IN ('closed', 'same', 'also', 'only')),
    from_minute INTEGER NOT NULL DEFAULT 540,
    to_minute INTEGER NOT NULL DEFAULT 1080,
    sort INTEGER NOT NULL DEFAULT 0,
    is_enabled INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX incoming_route_tenant ON incoming_route (tenant_id, sort);
CREATE INDEX incoming_route_called ON incoming_route (called);

CREATE TABLE incoming_tier (
    route_id INTEGER NOT NULL REFERENCES incoming_route (id) ON DELETE CASCADE,
    place INTEGER NOT NULL CHECK (place BETWEEN 1 AND 3),
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    kind TEXT NOT NULL CHECK (kind IN ('ring', 'announce', 'menu')),
    extensions TEXT NOT NULL DEFAULT '[]',
    ring_order TEXT NOT NULL DEFAULT 'all' CHECK (ring_order IN ('all', 'in_turn', 'longest_idle')),
    ring_s INTEGER NOT NULL DEFAULT 20,
    text TEXT NOT NULL DEFAULT '',
    choices TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (route_id, place)
) STRICT, WITHOUT ROWID;

-- A tenant's own days beside the national holidays: closed, or open although it is one.
CREATE TABLE holiday (
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    day INTEGER NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    is_open INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, day)
) STRICT, WITHOUT ROWID;
