-- Minutes a promise waits for its operator before anyone of the project gets it; how an attempt was dialled.
ALTER TABLE call_setting ADD COLUMN recall_wait_min INTEGER NOT NULL DEFAULT 15;
ALTER TABLE attempt ADD COLUMN kind TEXT NOT NULL DEFAULT 'list';
