import type { Clock } from '../base/clock.ts';
import { fieldErrors } from '../base/field-errors.ts';
import { ParseError } from '../base/text/parse-error.ts';
import type { Admission } from '../build/admission.ts';
import type { NewSchedule, Schedule, ScheduleRun } from '../queue/schedules.ts';
import type { Store } from '../queue/store.ts';
import { askOf, scheduleLabel, type Fire } from './fire.ts';
import { checkTimeZone, timesOf } from './times.ts';

export type MakeScheduleParts = {
  readonly store: Pick<Store, 'putSchedule' | 'schedule' | 'scheduleRan'>;
  readonly admission: Pick<Admission, 'check'>;
  readonly fire: Pick<Fire, 'byHand'>;
  readonly clock: Clock;
  /** Tells who keeps the schedules that one has changed. */
  readonly wake: () => void;
};

export type ScheduleDesk = {
  /**
   * Judges a schedule with the build that it would start now, and keeps it. Throws `invalid_input`, `schedules_full`, and
   * what `Admission.check` throws.
   */
  readonly put: (
    schedule: Omit<NewSchedule, 'sensitive'>,
  ) => Promise<{ readonly schedule: Schedule; readonly created: boolean }>;
  /** Starts its build now; undefined: there is no such schedule. Throws what `Submit` throws. */
  readonly run: (name: string, by: string) => Promise<(ScheduleRun & { readonly outcome: 'started' }) | undefined>;
};

const firstTime = ({ cron, timeZone, labels }: Omit<NewSchedule, 'sensitive'>, now: number): number | undefined => {
  const wrong = fieldErrors();
  wrong.attempt('/time_zone', undefined, () => checkTimeZone(timeZone));
  const next = wrong.isEmpty()
    ? wrong.attempt('/cron', undefined, () => {
        const first = timesOf(cron, timeZone).after(now);
        if (first === undefined) throw new ParseError('names a time that never comes');
        return first;
      })
    : undefined;
  if (Object.hasOwn(labels, scheduleLabel))
    wrong.add(`/labels/${scheduleLabel}`, 'is the label that every build of a schedule has, with its name');
  if (!wrong.isEmpty()) throw wrong.fault('invalid_input', 'The schedule is wrong');
  return next;
};

export const makeScheduleDesk = ({ store, admission, fire, clock, wake }: MakeScheduleParts): ScheduleDesk => ({
  put: async (schedule) => {
    const first = firstTime(schedule, clock.now());
    const { sensitive } = await admission.check(askOf({ ...schedule, sensitive: [] }));
    const kept = await store.putSchedule({ ...schedule, sensitive }, schedule.paused ? undefined : first);
    wake();
    return kept;
  },
  run: async (name, by) => {
    const schedule = await store.schedule(name);
    if (schedule === undefined) return undefined;
    const run = await fire.byHand(schedule, by);
    await store.scheduleRan(name, run);
    return run;
  },
});
