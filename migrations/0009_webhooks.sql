-- Who is told of a build, and of which of its events. What comes from the configuration has its secret there.
CREATE TABLE webhook (
  build_id TEXT    NOT NULL,                                              -- may be gone while a delivery is on its way
  place    INTEGER NOT NULL CHECK (place >= 0),
  url      TEXT    NOT NULL,                                              -- encrypted, as the secret is: there may be one in it
  host     TEXT    NOT NULL,                                              -- of the URL, with its port
  events   TEXT    NOT NULL CHECK (json_valid(events)),
  source   TEXT    NOT NULL CHECK (source IN ('request', 'configuration')),
  secret   TEXT,
  PRIMARY KEY (build_id, place),
  CHECK (secret IS NULL OR source = 'request')
) STRICT, WITHOUT ROWID;

-- One event for one webhook, written in the transaction of the event. Its id names both, so that none is told twice.
CREATE TABLE delivery (
  id            TEXT    PRIMARY KEY,
  build_id      TEXT    NOT NULL,
  place         INTEGER NOT NULL,
  host          TEXT    NOT NULL,
  type          TEXT    NOT NULL,
  body          TEXT    NOT NULL CHECK (json_valid(body)),                -- the same bytes at every attempt
  redelivery_of TEXT,
  state         TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
  why           TEXT,                                                     -- of failed ones
  created_at    INTEGER NOT NULL,
  next_at       INTEGER,
  ended_at      INTEGER,
  attempts      INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  FOREIGN KEY (build_id, place) REFERENCES webhook (build_id, place) ON DELETE CASCADE,
  CHECK ((next_at IS NOT NULL) = (state = 'pending')),
  CHECK ((ended_at IS NULL) = (state = 'pending')),
  CHECK ((why IS NOT NULL) = (state = 'failed'))
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_due ON delivery (next_at) WHERE state = 'pending';
CREATE INDEX delivery_by_host ON delivery (host) WHERE state = 'pending';
CREATE INDEX delivery_by_build ON delivery (build_id, place, id);

CREATE TRIGGER delivery_that_ended_never_changes BEFORE UPDATE OF state ON delivery WHEN OLD.state <> 'pending'
BEGIN SELECT RAISE(ABORT, 'a delivery that has ended never changes'); END;

CREATE TABLE delivery_attempt (
  delivery_id TEXT    NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
  n           INTEGER NOT NULL CHECK (n > 0),
  at          INTEGER NOT NULL,
  ms          INTEGER NOT NULL CHECK (ms >= 0),
  status      INTEGER,
  answer      TEXT,                                                       -- its first bytes
  error       TEXT,
  PRIMARY KEY (delivery_id, n),
  CHECK ((status IS NULL) <> (error IS NULL) OR (status IS NOT NULL AND error IS NOT NULL))
) STRICT, WITHOUT ROWID;
