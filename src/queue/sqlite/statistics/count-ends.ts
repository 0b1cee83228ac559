import { statisticsBounds } from '../../../base/bounds.ts';
import { dayOf } from '../../../base/records/day.ts';
import { bucketOf } from '../../rules/histogram.ts';
import type { Build } from '../../records.ts';
import type { Connection } from '../connection.ts';

/** The name under which all builds are counted. */
export const all = '';

type Ended = { readonly status: 'succeeded' | 'failed' | 'cancelled'; readonly code: string; readonly at: number };
type TimeKey = {
  readonly day: number;
  readonly template: string;
  readonly what: 'wait' | 'duration' | 'step';
  readonly step: string;
  readonly bucket: number;
};

/** Counts a build that has ended, by the day of its end. To be called within the `write` that ends it, after its steps have ended. */
export type CountEnd = (build: Build, ended: Ended) => void;

/** Forgets the days that are over for a year, and the oldest of the others where there are too many rows. */
const makeForgetDays = ({ db }: Pick<Connection, 'db'>) => {
  const tables = ['statistic_build', 'statistic_time'];
  const forget = tables.map((table) => db.prepare<[number]>(`DELETE FROM ${table} WHERE day < ?`));
  const isNew = db.prepare<[number], number>('SELECT NOT EXISTS (SELECT 1 FROM statistic_build WHERE day = ?)').pluck();
  const rows = db.prepare<[], number>('SELECT count(*) FROM statistic_time').pluck();
  const oldest = db.prepare<[], number | null>('SELECT min(day) FROM statistic_time').pluck();
  return (today: number): void => {
    if (isNew.get(today) === 0) return;
    for (const one of forget) one.run(today - statisticsBounds.days);
    while ((rows.get() ?? 0) > statisticsBounds.rows) for (const one of forget) one.run((oldest.get() ?? today) + 1);
  };
};

/** Counts times, but no new ones where a template has very many already: clients choose the names of steps. */
const makeCountTime = ({ db }: Pick<Connection, 'db'>) => {
  const again = db.prepare<[TimeKey]>(`
    UPDATE statistic_time SET n = n + 1
    WHERE day = :day AND template = :template AND what = :what AND step = :step AND bucket = :bucket`);
  const first = db.prepare<[TimeKey]>('INSERT INTO statistic_time VALUES (:day, :template, :what, :step, :bucket, 1)');
  const rows = db
    .prepare<[number, string], number>('SELECT count(*) FROM statistic_time WHERE day = ? AND template = ?')
    .pluck();
  return (
    day: number,
    template: string,
    times: readonly (Pick<TimeKey, 'what' | 'step'> & { readonly ms: number })[],
  ) => {
    let left = statisticsBounds.rowsOfDay - (rows.get(day, template) ?? 0);
    for (const { what, step, ms } of times) {
      const key = { day, template, what, step, bucket: bucketOf(ms) };
      if (again.run(key).changes === 0 && left-- > 0) first.run(key);
    }
  };
};

export const makeCountEnd = ({ db }: Pick<Connection, 'db'>, succeeded: (template: string) => void): CountEnd => {
  const build = db.prepare<[number, string, string, string]>(`
    INSERT INTO statistic_build VALUES (?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET n = n + 1`);
  const isCounted = db
    .prepare<[number, string], number>('SELECT EXISTS (SELECT 1 FROM statistic_build WHERE day = ? AND template = ?)')
    .pluck();
  const templates = db
    .prepare<[number], number>('SELECT count(DISTINCT template) FROM statistic_build WHERE day = ?')
    .pluck();
  const steps = db.prepare<[string, number], { readonly step: string; readonly ms: number }>(`
    SELECT name AS step, ended_at - started_at AS ms FROM build_step
    WHERE build_id = ? AND attempt = ? AND ended_at IS NOT NULL AND fault IS NULL`);
  const forgetDays = makeForgetDays({ db });
  const countTimes = makeCountTime({ db });

  return ({ id, templateName, attempt, createdAt, startedAt }, { status, code, at }) => {
    const day = dayOf(at);
    forgetDays(day);
    const isGood = status === 'succeeded';
    const whole = [
      ...(startedAt === undefined ? [] : [{ what: 'wait' as const, step: '', ms: startedAt - createdAt }]),
      ...(startedAt === undefined || !isGood ? [] : [{ what: 'duration' as const, step: '', ms: at - startedAt }]),
    ];
    build.run(day, all, status, code);
    countTimes(day, all, whole);
    if (isGood) succeeded(templateName);
    // Clients choose the names of templates: those beyond so many a day count among all builds alone.
    if (isCounted.get(day, templateName) === 0 && (templates.get(day) ?? 0) > statisticsBounds.templates) return;
    build.run(day, templateName, status, code);
    const ofSteps = isGood ? steps.all(id, attempt).map((one) => ({ ...one, what: 'step' as const })) : [];
    countTimes(day, templateName, [...whole, ...ofSteps]);
  };
};
