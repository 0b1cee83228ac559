-- Builds of stored templates at times of a calendar.
CREATE TABLE schedule (
  name           TEXT    PRIMARY KEY,
  template       TEXT    NOT NULL,                                        -- its name, or its name and version
  machine        TEXT,
  variables      TEXT    NOT NULL CHECK (json_valid(variables)),
  sensitive      TEXT    NOT NULL CHECK (json_valid(sensitive)),          -- names of those that are never shown
  labels         TEXT    NOT NULL CHECK (json_valid(labels)),
  cron           TEXT    NOT NULL,
  time_zone      TEXT    NOT NULL,
  skip_unchanged INTEGER NOT NULL CHECK (skip_unchanged IN (0, 1)),
  paused         INTEGER NOT NULL CHECK (paused IN (0, 1)),
  requested_by   TEXT,
  created_at     INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL,
  next_at        INTEGER,                                                 -- a time that has come stays until its run is written

  CHECK ((next_at IS NULL) = (paused = 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX schedule_due ON schedule (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE schedule_run (
  schedule TEXT    NOT NULL REFERENCES schedule (name) ON DELETE CASCADE,
  n        INTEGER NOT NULL CHECK (n > 0),
  due_at   INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  outcome  TEXT    NOT NULL CHECK (outcome IN ('started', 'skipped', 'failed')),
  build_id TEXT,                                                          -- of 'started'; may have been deleted since
  why      TEXT,
  inputs   TEXT,                                                          -- digest of what the build is made of
  by       TEXT,                                                          -- who asked for it by hand
  PRIMARY KEY (schedule, n),
  CHECK ((build_id IS NOT NULL) = (outcome = 'started')),
  CHECK ((why IS NULL) = (outcome = 'started'))
) STRICT, WITHOUT ROWID;
