-- Who asked for a build and who cancelled it, by the names of their tokens, and when the attempt that runs was claimed: what
-- the queue keeps free for a build that has waited long is counted from there.
ALTER TABLE build ADD COLUMN requested_by  TEXT;
ALTER TABLE build ADD COLUMN cancelled_by  TEXT;
ALTER TABLE build ADD COLUMN cancel_reason TEXT;
ALTER TABLE build ADD COLUMN claimed_at    INTEGER;

UPDATE build SET claimed_at = started_at WHERE status IN ('running', 'held');

-- Larger builds are passed by smaller ones: what a build takes is in the index of the queue too.
DROP INDEX build_queue;
CREATE INDEX build_queue ON build (status, priority DESC, id, not_before, memory_mb, disk_mb, suspect)
  WHERE status = 'queued';

ALTER TABLE token ADD COLUMN expires_at   INTEGER;
ALTER TABLE token ADD COLUMN last_used_at INTEGER;                        -- to a minute
