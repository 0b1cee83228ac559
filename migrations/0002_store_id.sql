-- Which store this is. data_dir/store-id has the same id, so that a database made anew beside the files of another is
-- told from one whose builds have all been pruned.
CREATE TABLE store (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id  TEXT    NOT NULL CHECK (length(id) = 32)
) STRICT;

INSERT INTO store VALUES (1, lower(hex(randomblob(16))));
