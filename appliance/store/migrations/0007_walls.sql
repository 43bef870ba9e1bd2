-- Who sees what: a person's projects, whom a list is for, and when somebody last came in.
ALTER TABLE user ADD COLUMN is_all_projects INTEGER NOT NULL DEFAULT 1;
ALTER TABLE user ADD COLUMN logged_in_at INTEGER NOT NULL DEFAULT 0;

-- Read where is_all_projects = 0: the person works in these and in no other.
CREATE TABLE user_project (
    user_id INTEGER NOT NULL REFERENCES user (id),
    project_id INTEGER NOT NULL REFERENCES project (id),
    tenant_id INTEGER NOT NULL REFERENCES tenant (id),
    PRIMARY KEY (user_id, project_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_project_project ON user_project (project_id);

-- 1: everybody who works in its project.  0: those of list_permission, which may be nobody.
ALTER TABLE list ADD COLUMN is_for_all INTEGER NOT NULL DEFAULT 1;
UPDATE list SET is_for_all = 0 WHERE id IN (SELECT list_id FROM list_permission);
