-- What a monitor PC was enrolled for: the panes beside desk phones, or a wallboard.
ALTER TABLE monitor_device ADD COLUMN kind TEXT NOT NULL DEFAULT 'panes' CHECK (kind IN ('panes', 'wall'));
ALTER TABLE monitor_device ADD COLUMN has_names INTEGER NOT NULL DEFAULT 0;

-- How a project shows itself on the floor: fields of a pane, masking, and how long a state may last.
CREATE TABLE project_screen (
    project_id INTEGER PRIMARY KEY REFERENCES project (id),
    pane_fields TEXT NOT NULL DEFAULT '[]',
    is_masked INTEGER NOT NULL DEFAULT 0,
    limits TEXT NOT NULL DEFAULT '{}'
) STRICT;
