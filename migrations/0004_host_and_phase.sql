-- The host that runs a build, or ran its last attempt. The phase may be any word and stays when the build ends: which
-- words there are is the program's to say, and a CHECK on them would make each new one a rebuild of this table, as this
-- is. What is not named here is as in 0001 and 0003.
CREATE TABLE new_build (
  id               TEXT    PRIMARY KEY CHECK (length(id) = 26),           -- a ULID: sorts by the time it was made
  template_name    TEXT    NOT NULL,
  template_version INTEGER,
  labels           TEXT    NOT NULL CHECK (json_valid(labels)),           -- as build_label has them, to be read in one go
  priority         INTEGER NOT NULL,
  timeout_ms       INTEGER NOT NULL CHECK (timeout_ms > 0),
  on_error         TEXT    NOT NULL CHECK (on_error IN ('cleanup', 'hold')),
  context_id       TEXT,
  memory_mb        INTEGER NOT NULL CHECK (memory_mb >= 0),
  disk_mb          INTEGER NOT NULL CHECK (disk_mb >= 0),
  sensitive        TEXT    NOT NULL CHECK (json_valid(sensitive)),        -- names of variables, never their values

  status           TEXT    NOT NULL DEFAULT 'queued'
                   CHECK (status IN ('queued', 'running', 'held', 'succeeded', 'failed', 'cancelled')),
  phase            TEXT,                                                  -- what it is busy with, or was when it ended
  attempt          INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  attempts_left    INTEGER NOT NULL CHECK (attempts_left >= 0),
  crashes          INTEGER NOT NULL DEFAULT 0 CHECK (crashes >= 0),       -- deaths of the daemon in a step of some seconds
  deaths           INTEGER NOT NULL DEFAULT 0 CHECK (deaths >= 0),        -- deaths of the daemon while this build ran
  lone_deaths      INTEGER NOT NULL DEFAULT 0 CHECK (lone_deaths >= 0),   -- the same while it ran alone
  lone_crashes     INTEGER NOT NULL DEFAULT 0 CHECK (lone_crashes >= 0),
  suspect          INTEGER NOT NULL DEFAULT 0 CHECK (suspect IN (0, 1)),  -- runs alone
  created_at       INTEGER NOT NULL,
  started_at       INTEGER,
  ended_at         INTEGER,
  not_before       INTEGER NOT NULL DEFAULT 0,
  host             TEXT    CHECK (host <> ''),                            -- NULL for claims from before there was a column
  slot             INTEGER CHECK (slot >= 0),
  token            TEXT    UNIQUE,                                        -- who holds it may write to the build
  lease_until      INTEGER,                                               -- from then on the claim keeps no other waiting
  alive_at         INTEGER,                                               -- NULL once the daemon stops the build itself
  cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
  fault            TEXT    CHECK (json_valid(fault)),
  hold_until       INTEGER,
  hold_ssh         TEXT,
  version          INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),       -- number of its newest event

  CHECK ((ended_at IS NOT NULL) = (status IN ('succeeded', 'failed', 'cancelled'))),
  CHECK ((token IS NOT NULL) = (status IN ('running', 'held'))),
  CHECK ((lease_until IS NOT NULL) = (token IS NOT NULL)),
  CHECK ((slot IS NOT NULL) = (token IS NOT NULL)),
  CHECK ((started_at IS NOT NULL) = (attempt > 0)),
  CHECK (phase IS NULL OR (attempt > 0 AND status <> 'queued')),
  CHECK (host IS NULL OR attempt > 0),
  CHECK ((hold_until IS NOT NULL) = (status = 'held')),
  CHECK (hold_ssh IS NULL OR hold_until IS NOT NULL),
  CHECK (fault IS NOT NULL OR status NOT IN ('held', 'failed', 'cancelled')),
  CHECK (fault IS NULL OR status NOT IN ('running', 'succeeded')),
  CHECK (cancel_requested = 0 OR status <> 'queued'),
  CHECK (attempts_left > 0 OR status <> 'queued')
) STRICT, WITHOUT ROWID;

INSERT INTO new_build
  (id, template_name, template_version, labels, priority, timeout_ms, on_error, context_id, memory_mb, disk_mb, sensitive,
   status, phase, attempt, attempts_left, crashes, deaths, lone_deaths, lone_crashes, suspect, created_at, started_at,
   ended_at, not_before, slot, token, lease_until, alive_at, cancel_requested, fault, hold_until, hold_ssh, version)
SELECT
   id, template_name, template_version, labels, priority, timeout_ms, on_error, context_id, memory_mb, disk_mb, sensitive,
   status,
   -- The phase of one that ended is that of its last step, unless it was cancelled while it waited for another attempt.
   CASE WHEN ended_at IS NULL OR (status = 'cancelled' AND cancel_requested = 0) THEN phase
        ELSE (SELECT step.phase FROM build_step AS step
              WHERE step.build_id = build.id AND step.attempt = build.attempt ORDER BY step.seq DESC LIMIT 1) END,
   attempt, attempts_left, crashes, deaths, lone_deaths, lone_crashes, suspect, created_at, started_at,
   ended_at, not_before, slot, token, lease_until, alive_at, cancel_requested, fault, hold_until, hold_ssh, version
FROM build;

-- These speak of the table that goes; its own triggers and indexes go with it (sqlite.org/lang_altertable.html, 7).
DROP TRIGGER build_event_is_the_next;
DROP TRIGGER build_event_is_the_version;
DROP TABLE build;
ALTER TABLE new_build RENAME TO build;

-- The queue in its order. The pause is in the index, so that builds that wait for another attempt are passed cheaply.
CREATE INDEX build_queue ON build (status, priority DESC, id, not_before) WHERE status = 'queued';
CREATE INDEX build_due ON build (status, not_before) WHERE status = 'queued';
CREATE INDEX build_by_status ON build (status, id);
CREATE INDEX build_by_template ON build (template_name, id);
CREATE INDEX build_by_template_and_status ON build (template_name, status, id);
CREATE INDEX build_by_end ON build (ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX build_by_context ON build (context_id) WHERE context_id IS NOT NULL;

CREATE TRIGGER build_that_ended_never_changes BEFORE UPDATE OF status, phase, fault, ended_at ON build
WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a build that has ended never changes'); END;

CREATE TRIGGER build_is_kept_while_active BEFORE DELETE ON build WHEN OLD.ended_at IS NULL
BEGIN SELECT RAISE(ABORT, 'a build that has not ended is never deleted'); END;

CREATE TRIGGER build_counted_in AFTER INSERT ON build
BEGIN UPDATE build_count SET n = n + 1 WHERE status = NEW.status; END;

CREATE TRIGGER build_counted_out AFTER DELETE ON build
BEGIN UPDATE build_count SET n = n - 1 WHERE status = OLD.status; END;

CREATE TRIGGER build_counted_over AFTER UPDATE OF status ON build WHEN OLD.status <> NEW.status
BEGIN
  UPDATE build_count SET n = n - 1 WHERE status = OLD.status;
  UPDATE build_count SET n = n + 1 WHERE status = NEW.status;
END;

CREATE TRIGGER build_event_is_the_next BEFORE INSERT ON build_event
WHEN NEW.seq IS NOT (SELECT version + 1 FROM build WHERE id = NEW.build_id)
BEGIN SELECT RAISE(ABORT, 'events are numbered without a gap'); END;

CREATE TRIGGER build_event_is_the_version AFTER INSERT ON build_event
BEGIN UPDATE build SET version = NEW.seq WHERE id = NEW.build_id; END;
