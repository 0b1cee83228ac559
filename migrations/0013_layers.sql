-- Layers that are kept in data_dir/layers, each in a folder named for its key. A row is written when the files are whole and
-- on the disk, and goes after they have gone. The database refuses to forget a layer that another lies over.
CREATE TABLE layer (
  seq           INTEGER PRIMARY KEY,                             -- the order in which they were made
  key           TEXT    NOT NULL UNIQUE CHECK (length(key) = 64),
  parent        TEXT    REFERENCES layer (key),                  -- whose disks lie beneath
  depth         INTEGER NOT NULL CHECK (depth >= 1),             -- 1 without a parent
  step          TEXT    NOT NULL,                                -- of the plan, after which it was kept
  template_name TEXT    NOT NULL,
  build_id      TEXT    NOT NULL,                                -- that made it; it may have been deleted since
  kind          TEXT    NOT NULL,
  made_at       INTEGER NOT NULL,                                -- Unix milliseconds, as are the others
  used_at       INTEGER NOT NULL,
  uses          INTEGER NOT NULL DEFAULT 0,
  bytes         INTEGER NOT NULL,                                -- allocated on disk
  own_bytes     INTEGER NOT NULL,                                -- of these, those of files that nothing else shares
  seconds       REAL    NOT NULL,                                -- that going on from it saves
  expires_at    INTEGER,
  going         INTEGER NOT NULL DEFAULT 0 CHECK (going IN (0, 1)), -- its files are being deleted
  files         TEXT    NOT NULL CHECK (json_valid(files)),
  ingredients   TEXT    NOT NULL CHECK (json_valid(ingredients)),
  facts         TEXT    NOT NULL,                                -- encrypted JSON
  CHECK (parent IS NULL OR depth > 1)
) STRICT;

CREATE INDEX layer_by_parent ON layer (parent) WHERE parent IS NOT NULL;
CREATE INDEX layer_by_use ON layer (going, used_at, depth DESC, key, bytes, own_bytes);
CREATE INDEX layer_by_step ON layer (template_name, step, seq);
CREATE INDEX layer_by_expiry ON layer (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX layer_by_going ON layer (key) WHERE going = 1;

-- What builds go on from: neither the layer nor one beneath it is evicted meanwhile. No reference to the build: its end is
-- looked at when the daemon starts.
CREATE TABLE layer_hold (
  key      TEXT NOT NULL REFERENCES layer (key) ON DELETE CASCADE,
  build_id TEXT NOT NULL,
  PRIMARY KEY (key, build_id)
) STRICT, WITHOUT ROWID;
