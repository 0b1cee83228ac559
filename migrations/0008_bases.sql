-- The builds whose artifacts a build begins with: "asked" is how its template names them, by id or as "latest:TEMPLATE", and
-- base_id what that was when the build was accepted. No reference: a base may be deleted once the build has ended.
CREATE TABLE build_base (
  build_id TEXT NOT NULL REFERENCES build (id) ON DELETE CASCADE,
  asked    TEXT NOT NULL,
  base_id  TEXT NOT NULL,
  PRIMARY KEY (build_id, asked)
) STRICT, WITHOUT ROWID;

CREATE INDEX build_base_by_base ON build_base (base_id, build_id);

-- Its files are being deleted, so that no build may begin with them any more.
ALTER TABLE build ADD COLUMN going INTEGER NOT NULL DEFAULT 0 CHECK (going IN (0, 1));
