-- A run is what one request makes of a template with several machines: a build for each. How many of its builds ended how is
-- counted, so that the result of a run stays what it was when some of its builds are deleted.
CREATE TABLE run (
  id               TEXT    PRIMARY KEY CHECK (length(id) = 26),           -- a ULID: sorts by the time it was made
  template_name    TEXT    NOT NULL,
  template_version INTEGER,
  parallel         INTEGER CHECK (parallel > 0),                          -- how many of its builds run at once; NULL: any
  fail_fast        INTEGER NOT NULL CHECK (fail_fast IN (0, 1)),
  requested_by     TEXT,
  created_at       INTEGER NOT NULL,
  builds           INTEGER NOT NULL CHECK (builds > 0),
  succeeded        INTEGER NOT NULL DEFAULT 0 CHECK (succeeded >= 0),
  failed           INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
  cancelled        INTEGER NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
  ended_at         INTEGER,
  version          INTEGER NOT NULL DEFAULT 1 CHECK (version > 0),

  CHECK (succeeded + failed + cancelled <= builds),
  CHECK ((ended_at IS NOT NULL) = (succeeded + failed + cancelled = builds))
) STRICT, WITHOUT ROWID;

-- Which machine of its template a build is, and the stored templates that its template was merged over.
ALTER TABLE build ADD COLUMN run_id  TEXT REFERENCES run (id);
ALTER TABLE build ADD COLUMN machine TEXT;
ALTER TABLE build ADD COLUMN extended TEXT CHECK (json_valid(extended));

CREATE INDEX build_by_run ON build (run_id, id) WHERE run_id IS NOT NULL;

CREATE TRIGGER run_counts_its_ends AFTER UPDATE OF ended_at ON build
WHEN NEW.run_id IS NOT NULL AND NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL
BEGIN
  UPDATE run
  SET succeeded = succeeded + (NEW.status = 'succeeded'),
      failed = failed + (NEW.status = 'failed'),
      cancelled = cancelled + (NEW.status = 'cancelled'),
      ended_at = iif(succeeded + failed + cancelled + 1 = builds, NEW.ended_at, NULL)
  WHERE id = NEW.run_id;
END;

CREATE TRIGGER run_changes_with_its_builds AFTER UPDATE OF status, phase ON build
WHEN NEW.run_id IS NOT NULL AND (NEW.status <> OLD.status OR NEW.phase IS NOT OLD.phase)
BEGIN UPDATE run SET version = version + 1 WHERE id = NEW.run_id; END;

CREATE TRIGGER run_goes_with_its_last_build AFTER DELETE ON build WHEN OLD.run_id IS NOT NULL
BEGIN
  UPDATE run SET version = version + 1 WHERE id = OLD.run_id;
  DELETE FROM run WHERE id = OLD.run_id AND NOT EXISTS (SELECT 1 FROM build WHERE run_id = OLD.run_id);
END;

-- Builds of a run that may have no more at once are passed: which run a build is of is in the index of the queue too.
DROP INDEX build_queue;
CREATE INDEX build_queue ON build (status, priority DESC, id, not_before, memory_mb, disk_mb, suspect, run_id)
  WHERE status = 'queued';

-- A key stands for a build or for a run.
CREATE TABLE new_idempotency (
  owner    TEXT NOT NULL,
  key      TEXT NOT NULL,
  digest   TEXT NOT NULL,
  build_id TEXT REFERENCES build (id) ON DELETE CASCADE,
  run_id   TEXT REFERENCES run (id) ON DELETE CASCADE,
  PRIMARY KEY (owner, key),
  CHECK ((build_id IS NULL) <> (run_id IS NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO new_idempotency (owner, key, digest, build_id) SELECT owner, key, digest, build_id FROM idempotency;
DROP TABLE idempotency;
ALTER TABLE new_idempotency RENAME TO idempotency;

CREATE INDEX idempotency_by_build ON idempotency (build_id) WHERE build_id IS NOT NULL;
CREATE INDEX idempotency_by_run ON idempotency (run_id) WHERE run_id IS NOT NULL;
