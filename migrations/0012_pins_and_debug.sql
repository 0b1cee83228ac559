-- What becomes of the machine of a build that fails is the program's to say: a CHECK on its words would make each new one a
-- rebuild of this table (sqlite.org/lang_altertable.html, DROP COLUMN takes the CHECK of its column with it).
ALTER TABLE build ADD COLUMN after_failure TEXT NOT NULL DEFAULT 'cleanup';
UPDATE build SET after_failure = on_error;
ALTER TABLE build DROP COLUMN on_error;
ALTER TABLE build RENAME COLUMN after_failure TO on_error;

-- Whether the build waits for a client before each of its steps.
ALTER TABLE build ADD COLUMN debug INTEGER NOT NULL DEFAULT 0 CHECK (debug IN (0, 1));

-- Whether it may take the place of what is there of the same name where it sends its artifacts.
ALTER TABLE build ADD COLUMN force INTEGER NOT NULL DEFAULT 0 CHECK (force IN (0, 1));

-- A pinned build is kept, whatever the retention says.
ALTER TABLE build ADD COLUMN pinned_at  INTEGER;
ALTER TABLE build ADD COLUMN pinned_by  TEXT;
ALTER TABLE build ADD COLUMN pin_reason TEXT;

CREATE INDEX build_by_pin ON build (pinned_at) WHERE pinned_at IS NOT NULL;
