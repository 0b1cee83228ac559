-- A build that was made again from what another was made of, as a retry or a rebuild. These are no references: the other may be
-- deleted first.
ALTER TABLE build ADD COLUMN retry_of   TEXT;
ALTER TABLE build ADD COLUMN rebuild_of TEXT;
ALTER TABLE run   ADD COLUMN rebuild_of TEXT;

-- The newest retry of a build.
ALTER TABLE build ADD COLUMN retried_by TEXT;

-- The context that its machine was started with, of a build that goes on with another one: its endpoint reads that one still.
ALTER TABLE build ADD COLUMN first_context_id TEXT;
CREATE INDEX build_by_first_context ON build (first_context_id) WHERE first_context_id IS NOT NULL;

-- How what a build begins with stood when it was accepted; NULL for builds from before that was kept.
ALTER TABLE build_input ADD COLUMN began_with TEXT CHECK (json_valid(began_with));
