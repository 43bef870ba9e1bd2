-- When a person last did something in a browser: a page that lies open asks by itself.
ALTER TABLE session ADD COLUMN acted_at INTEGER NOT NULL DEFAULT 0;
UPDATE session SET acted_at = seen_at;
