-- Times are Unix milliseconds. Documents are JSON. What must never be is refused here, whatever the program does.

CREATE TABLE build (
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
  phase            TEXT    CHECK (phase IN ('preparing', 'installing', 'booting', 'connecting',
                                            'provisioning', 'sealing', 'packaging', 'publishing')),
  attempt          INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  attempts_left    INTEGER NOT NULL CHECK (attempts_left >= 0),
  crashes          INTEGER NOT NULL DEFAULT 0 CHECK (crashes >= 0),       -- deaths of the daemon while this build ran
  created_at       INTEGER NOT NULL,
  started_at       INTEGER,
  ended_at         INTEGER,
  not_before       INTEGER NOT NULL DEFAULT 0,
  slot             INTEGER CHECK (slot >= 0),
  token            TEXT    UNIQUE,                                        -- who holds it may write to the build
  lease_until      INTEGER,
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
  CHECK (phase IS NULL OR token IS NOT NULL),
  CHECK ((hold_until IS NOT NULL) = (status = 'held')),
  CHECK (hold_ssh IS NULL OR hold_until IS NOT NULL),
  CHECK (fault IS NOT NULL OR status NOT IN ('held', 'failed', 'cancelled')),
  CHECK (fault IS NULL OR status NOT IN ('running', 'succeeded')),
  CHECK (cancel_requested = 0 OR status <> 'queued'),
  CHECK (attempts_left > 0 OR status <> 'queued')
) STRICT, WITHOUT ROWID;

-- The queue in its order. The pause is in the index, so that builds that wait for another attempt are passed cheaply.
CREATE INDEX build_queue ON build (status, priority DESC, id, not_before) WHERE status = 'queued';
CREATE INDEX build_due ON build (status, not_before) WHERE status = 'queued';
CREATE INDEX build_by_status ON build (status, id);
CREATE INDEX build_by_template ON build (template_name, id);
CREATE INDEX build_by_template_and_status ON build (template_name, status, id);
CREATE INDEX build_by_end ON build (ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX build_by_context ON build (context_id) WHERE context_id IS NOT NULL;

CREATE TRIGGER build_that_ended_never_changes BEFORE UPDATE OF status, fault, ended_at ON build
WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a build that has ended never changes'); END;

CREATE TRIGGER build_is_kept_while_active BEFORE DELETE ON build WHEN OLD.ended_at IS NULL
BEGIN SELECT RAISE(ABORT, 'a build that has not ended is never deleted'); END;

-- Counted as they change: counting 100,000 rows for every scrape of the metrics would not do.
CREATE TABLE build_count (
  status TEXT    PRIMARY KEY,
  n      INTEGER NOT NULL CHECK (n >= 0)
) STRICT, WITHOUT ROWID;

INSERT INTO build_count VALUES
  ('queued', 0), ('running', 0), ('held', 0), ('succeeded', 0), ('failed', 0), ('cancelled', 0);

CREATE TRIGGER build_counted_in AFTER INSERT ON build
BEGIN UPDATE build_count SET n = n + 1 WHERE status = NEW.status; END;

CREATE TRIGGER build_counted_out AFTER DELETE ON build
BEGIN UPDATE build_count SET n = n - 1 WHERE status = OLD.status; END;

CREATE TRIGGER build_counted_over AFTER UPDATE OF status ON build WHEN OLD.status <> NEW.status
BEGIN
  UPDATE build_count SET n = n - 1 WHERE status = OLD.status;
  UPDATE build_count SET n = n + 1 WHERE status = NEW.status;
END;

-- Apart from the build, because it is large and rarely read.
CREATE TABLE build_input (
  build_id  TEXT PRIMARY KEY REFERENCES build (id) ON DELETE CASCADE,
  template  TEXT NOT NULL CHECK (json_valid(template)),
  variables TEXT NOT NULL CHECK (json_valid(variables)),
  plan      TEXT NOT NULL CHECK (json_valid(plan))
) STRICT;

CREATE TABLE build_label (
  key      TEXT NOT NULL,
  value    TEXT NOT NULL,
  build_id TEXT NOT NULL REFERENCES build (id) ON DELETE CASCADE,
  PRIMARY KEY (key, value, build_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX build_label_by_build ON build_label (build_id);

CREATE TABLE build_event (
  build_id TEXT    NOT NULL REFERENCES build (id) ON DELETE CASCADE,
  seq      INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  type     TEXT    NOT NULL CHECK (type <> ''),
  data     TEXT    NOT NULL CHECK (json_valid(data)),
  PRIMARY KEY (build_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER build_event_is_the_next BEFORE INSERT ON build_event
WHEN NEW.seq IS NOT (SELECT version + 1 FROM build WHERE id = NEW.build_id)
BEGIN SELECT RAISE(ABORT, 'events are numbered without a gap'); END;

CREATE TRIGGER build_event_is_the_version AFTER INSERT ON build_event
BEGIN UPDATE build SET version = NEW.seq WHERE id = NEW.build_id; END;

CREATE TABLE build_step (
  build_id   TEXT    NOT NULL REFERENCES build (id) ON DELETE CASCADE,
  seq        INTEGER NOT NULL CHECK (seq > 0),
  attempt    INTEGER NOT NULL CHECK (attempt > 0),
  name       TEXT    NOT NULL,
  phase      TEXT    NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER,
  fault      TEXT    CHECK (json_valid(fault)),
  PRIMARY KEY (build_id, seq),
  CHECK (fault IS NULL OR ended_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE TABLE artifact (
  build_id TEXT    NOT NULL REFERENCES build (id) ON DELETE CASCADE,
  seq      INTEGER NOT NULL,
  name     TEXT    NOT NULL,
  format   TEXT    NOT NULL,
  size     INTEGER NOT NULL CHECK (size >= 0),
  sha256   TEXT    NOT NULL CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
  PRIMARY KEY (build_id, seq),
  UNIQUE (build_id, name)
) STRICT, WITHOUT ROWID;

-- A client that did not hear the answer asks again with the same key and gets the first build.
CREATE TABLE idempotency (
  owner    TEXT NOT NULL,
  key      TEXT NOT NULL,
  digest   TEXT NOT NULL,
  build_id TEXT NOT NULL REFERENCES build (id) ON DELETE CASCADE,
  PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_build ON idempotency (build_id);

CREATE TABLE template_version (
  name       TEXT    NOT NULL,
  version    INTEGER NOT NULL CHECK (version > 0),
  digest     TEXT    NOT NULL,
  document   TEXT    NOT NULL CHECK (json_valid(document)),
  context_id TEXT,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (name, version)
) STRICT;

CREATE INDEX template_version_by_context ON template_version (context_id) WHERE context_id IS NOT NULL;

CREATE TRIGGER template_version_never_changes BEFORE UPDATE ON template_version
BEGIN SELECT RAISE(ABORT, 'a version of a template never changes'); END;

CREATE TABLE token (
  id         TEXT    PRIMARY KEY,
  name       TEXT    NOT NULL,
  scopes     TEXT    NOT NULL CHECK (json_valid(scopes)),
  hash       BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),           -- SHA-256 of the secret
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TRIGGER token_stays_revoked BEFORE UPDATE ON token WHEN OLD.revoked_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a revoked token stays revoked'); END;

-- One row that is written to find out whether the store can be written.
CREATE TABLE probe (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  checked_at INTEGER NOT NULL
) STRICT;
