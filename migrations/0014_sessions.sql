-- Who has logged in to the page: a cookie that stands for a token.
CREATE TABLE session (
  hash       BLOB    PRIMARY KEY CHECK (length(hash) = 32),               -- SHA-256 of the cookie's secret
  token_id   TEXT    NOT NULL REFERENCES token (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  CHECK (expires_at > created_at)
) STRICT, WITHOUT ROWID;

CREATE INDEX session_by_token ON session (token_id, created_at);
CREATE INDEX session_by_expiry ON session (expires_at);
