-- What is told of builds by day, and stays when the retention has taken them. A day is that of the end of a build, in days
-- since 1970 (UTC). Each build counts twice: under the name of its template, and under '' for all.
CREATE TABLE statistic_build (
  day      INTEGER NOT NULL,
  template TEXT    NOT NULL,
  status   TEXT    NOT NULL CHECK (status IN ('succeeded', 'failed', 'cancelled')),
  code     TEXT    NOT NULL,                                              -- of the fault; '' for one that succeeded
  n        INTEGER NOT NULL CHECK (n > 0),
  PRIMARY KEY (day, template, status, code)
) STRICT, WITHOUT ROWID;

-- How often a time of so many milliseconds came: src/queue/rules/histogram.ts has the buckets.
CREATE TABLE statistic_time (
  day      INTEGER NOT NULL,
  template TEXT    NOT NULL,
  what     TEXT    NOT NULL CHECK (what IN ('wait', 'duration', 'step')), -- in the queue; from claim to end; of one step
  step     TEXT    NOT NULL,                                              -- its name; '' for the others
  bucket   INTEGER NOT NULL CHECK (bucket >= 0),
  n        INTEGER NOT NULL CHECK (n > 0),
  PRIMARY KEY (day, template, what, step, bucket),
  CHECK ((step <> '') = (what = 'step'))
) STRICT, WITHOUT ROWID;

-- What has ended until now.
INSERT INTO statistic_build
WITH ended (day, template, status, code) AS (
  SELECT ended_at / 86400000, template_name, status, coalesce(fault ->> 'code', '') FROM build WHERE ended_at IS NOT NULL
)
SELECT day, template, status, code, count(*)
FROM (SELECT * FROM ended UNION ALL SELECT day, '', status, code FROM ended)
GROUP BY 1, 2, 3, 4;

INSERT INTO statistic_time
WITH own (day, template, what, step, ms) AS (
  SELECT ended_at / 86400000, template_name, 'wait', '', started_at - created_at
  FROM build WHERE ended_at IS NOT NULL AND started_at IS NOT NULL
  UNION ALL
  SELECT ended_at / 86400000, template_name, 'duration', '', ended_at - started_at FROM build WHERE status = 'succeeded'
  UNION ALL
  SELECT build.ended_at / 86400000, template_name, 'step', step.name, step.ended_at - step.started_at
  FROM build JOIN build_step AS step ON step.build_id = build.id AND step.attempt = build.attempt
  WHERE status = 'succeeded' AND step.ended_at IS NOT NULL AND step.fault IS NULL
)
SELECT day, template, what, step, iif(ms <= 1, 0, 1 + CAST(ln(ms) / ln(1.1) AS INTEGER)), count(*)
FROM (SELECT * FROM own UNION ALL SELECT day, '', what, step, ms FROM own WHERE what <> 'step')
GROUP BY 1, 2, 3, 4, 5;

-- The newest builds of a template that went well on a host: what builds that run are compared with.
CREATE INDEX build_by_good_run ON build (template_name, machine, host, id) WHERE status = 'succeeded' AND debug = 0;
