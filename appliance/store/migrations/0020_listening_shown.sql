-- Whether the operator's screen names a supervisor who only listens.
ALTER TABLE project ADD COLUMN is_listening_shown INTEGER NOT NULL DEFAULT 0;
