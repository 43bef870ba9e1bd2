-- What became of a call that came in.  tier 0: no route answered.  outcome '': it stands, or a stop cut it off.
-- handled_at: somebody called back, or says that nothing is left to do.
ALTER TABLE incoming_call ADD COLUMN route_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incoming_call ADD COLUMN tier INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incoming_call ADD COLUMN outcome TEXT NOT NULL DEFAULT 'missed';
ALTER TABLE incoming_call ADD COLUMN connected_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incoming_call ADD COLUMN taken_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incoming_call ADD COLUMN ended_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incoming_call ADD COLUMN attempt_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incoming_call ADD COLUMN seat_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incoming_call ADD COLUMN user_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incoming_call ADD COLUMN handled_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incoming_call ADD COLUMN handled_by INTEGER NOT NULL DEFAULT 0;
CREATE INDEX incoming_call_attempt ON incoming_call (attempt_id) WHERE attempt_id > 0;
CREATE INDEX incoming_call_missed ON incoming_call (tenant_id, at) WHERE outcome = 'missed' AND handled_at = 0;
CREATE INDEX incoming_call_caller ON incoming_call (tenant_id, caller, at);
