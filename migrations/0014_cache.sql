-- What a build does with kept layers where its request says so; NULL: what its template says.
ALTER TABLE build ADD COLUMN cache TEXT;

-- The build whose artifacts it was given, because the same input had made them; NULL: it made its own.
ALTER TABLE build ADD COLUMN from_cache TEXT;
