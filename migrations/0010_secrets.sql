-- What is secret is encrypted: build_input.template, build_input.variables, template_version.document and secret.value are
-- JSON texts "enc1:KEY:...", as src/base/cipher/cipher.ts writes them. What the version before has written is encrypted by
-- the daemon when it starts first, for SQL cannot; until then there is no row here.
CREATE TABLE encryption (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  key_id  TEXT    NOT NULL,                                 -- of the key in the key file
  mac_key TEXT    NOT NULL CHECK (json_valid(mac_key)),     -- of the digests in idempotency; encrypted
  cleaned INTEGER NOT NULL CHECK (cleaned IN (0, 1))        -- whether the pages of before are gone from the file
) STRICT;

-- As before, but for the document, which is encrypted again when the key changes.
DROP TRIGGER template_version_never_changes;
CREATE TRIGGER template_version_never_changes BEFORE UPDATE OF name, version, digest, context_id, created_at ON template_version
BEGIN SELECT RAISE(ABORT, 'a version of a template never changes'); END;

-- Secrets of the host, which templates name.
CREATE TABLE secret (
  name       TEXT    PRIMARY KEY CHECK (name <> ''),
  version    INTEGER NOT NULL CHECK (version > 0),          -- grows with each new value, also after a deletion
  value      TEXT    NOT NULL CHECK (json_valid(value)),    -- encrypted
  may_use    TEXT    NOT NULL CHECK (json_valid(may_use)),  -- which builds may use it
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which of them a build has used. No reference: a secret may be deleted.
CREATE TABLE build_secret (
  build_id TEXT    NOT NULL REFERENCES build (id) ON DELETE CASCADE,
  name     TEXT    NOT NULL,
  version  INTEGER NOT NULL,
  PRIMARY KEY (build_id, name, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX build_secret_by_name ON build_secret (name, build_id);
