import type { Clock } from '../base/clock.ts';
import { deferred } from '../base/waiting.ts';
import type { Schedule } from '../queue/schedules.ts';
import type { Store } from '../queue/store.ts';
import type { Fire } from './fire.ts';
import { timesOf } from './times.ts';

export type SchedulesParts = {
  readonly store: Pick<Store, 'dueSchedule' | 'nextSchedule' | 'scheduleRan'>;
  readonly fire: Pick<Fire, 'atTime'>;
  readonly clock: Clock;
  readonly log: {
    readonly info: (facts: object, message: string) => void;
    readonly warn: SchedulesParts['log']['info'];
  };
  /** How long a schedule rests that could not start its build. */
  readonly troubleMs?: number;
};

export type Schedules = AsyncDisposable & {
  /** A schedule was made, or the clock has been set: look now. */
  readonly wake: () => void;
};

// The clock may be set meanwhile.
const lookAgainMs = 30_000;

// What keeps builds from being started may have passed then.
const usualTroubleMs = 60_000;

// The end of the calendar of JavaScript, for what never comes again.
const latest = 8_640_000_000_000_000;

/** When a schedule comes next after a time that has come: times that were missed meanwhile are not made up for. */
const nextAfter = ({ cron, timeZone }: Schedule, dueAt: number, now: number): number =>
  // By a clock that was set back a time has not passed again: it counts from the later of the two.
  timesOf(cron, timeZone).after(Math.max(now, dueAt)) ?? latest;

/**
 * Starts builds at the times of schedules. Which time comes next is in the store, and a time is over when its run is
 * written:
 *
 *     next_at --its time comes--> due --build started, skipped or refused, written--> next_at, later than now and than due
 */
export const keepSchedules = ({ store, fire, clock, log, troubleMs = usualTroubleMs }: SchedulesParts): Schedules => {
  const closing = new AbortController();
  let woken = deferred<void>();
  const wake = (): void => woken.resolve();
  // When each that could not start its build is tried again, by the time that has elapsed.
  const inTrouble = new Map<string, number>();
  const restingNow = (): readonly string[] => {
    for (const [name, until] of inTrouble) if (until <= clock.elapsed()) inTrouble.delete(name);
    return [...inTrouble.keys()];
  };

  const runDue = async (due: Schedule, dueAt: number): Promise<void> => {
    const run = await fire.atTime(due, dueAt);
    await store.scheduleRan(due.name, run, nextAfter(due, dueAt, clock.now()));
    log.info({ schedule: due.name, ...run }, 'the time of a schedule has come');
  };

  /** Runs all that is due; gives the milliseconds after which to look again. */
  const look = async (): Promise<number> => {
    while (!closing.signal.aborted) {
      const due = await store.dueSchedule(restingNow());
      if (due?.nextAt === undefined) break;
      await runDue(due, due.nextAt).catch((error: unknown) => {
        if (closing.signal.aborted) return;
        // The trouble may be its own: the others have their turn.
        inTrouble.set(due.name, clock.elapsed() + troubleMs);
        log.warn({ schedule: due.name, err: error }, 'a schedule could not start its build; it is tried again');
      });
    }
    const next = await store.nextSchedule(restingNow());
    const rested = Math.min(...inTrouble.values()) - clock.elapsed();
    return Math.max(0, Math.min((next ?? Infinity) - clock.now(), rested, lookAgainMs));
  };
  const loop = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      woken = deferred();
      const pauseMs = await look().catch((error: unknown) => {
        log.warn({ err: error }, 'schedules could not be looked for');
        return troubleMs;
      });
      using pause = clock.deadline(pauseMs, closing.signal, () => undefined);
      pause.signal.addEventListener('abort', wake, { once: true });
      await woken.promise;
    }
  };

  const looping = loop();
  return {
    wake,
    [Symbol.asyncDispose]: async () => {
      closing.abort(new Error('the daemon is stopping'));
      wake();
      await looping;
    },
  };
};
