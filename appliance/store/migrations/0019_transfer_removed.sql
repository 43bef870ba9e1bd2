-- A short dial that was deleted can be brought back; until then its three digits are free.
ALTER TABLE transfer_target ADD COLUMN removed_at INTEGER NOT NULL DEFAULT 0;
DROP INDEX transfer_target_short;
CREATE UNIQUE INDEX transfer_target_short ON transfer_target (project_id, short) WHERE removed_at = 0;
