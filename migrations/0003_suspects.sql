-- What is known about deaths of the daemon while a build ran. crashes, which there was before, from now on counts only
-- those in a step that had been running for some seconds; deaths counts all, the lone ones those while it ran alone.
ALTER TABLE build ADD COLUMN deaths       INTEGER NOT NULL DEFAULT 0 CHECK (deaths >= 0);
ALTER TABLE build ADD COLUMN lone_deaths  INTEGER NOT NULL DEFAULT 0 CHECK (lone_deaths >= 0);
ALTER TABLE build ADD COLUMN lone_crashes INTEGER NOT NULL DEFAULT 0 CHECK (lone_crashes >= 0);

-- A suspect runs alone: it is claimed when no other build runs, and nothing is claimed while it does.
ALTER TABLE build ADD COLUMN suspect      INTEGER NOT NULL DEFAULT 0 CHECK (suspect IN (0, 1));

-- When the worker was last known to be alive; NULL once the daemon stops the build itself.
ALTER TABLE build ADD COLUMN alive_at     INTEGER;

UPDATE build SET deaths = crashes WHERE crashes > 0;
