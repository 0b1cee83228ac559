import type { Admission } from '../build/admission.ts';
import type { Submit } from '../build/submit.ts';
import type { Store } from '../queue/store.ts';
import { makeFire } from '../schedules/fire.ts';
import { keepSchedules } from '../schedules/keep-schedules.ts';
import { makeScheduleDesk, type ScheduleDesk } from '../schedules/make-schedule.ts';
import type { SharedParts } from './shared.ts';

/** Who keeps the schedules. */
export type ScheduleRooms = {
  readonly desk: ScheduleDesk;
  /** Starts builds at their times, until it is disposed. */
  readonly start: () => AsyncDisposable;
};

export const makeSchedules = (
  { clock, ids, logger }: SharedParts,
  { store, admission, submit }: { readonly store: Store; readonly admission: Admission; readonly submit: Submit },
): ScheduleRooms => {
  const fire = makeFire({ store, admission, submit, clock, ids });
  let wake = (): void => undefined;
  return {
    desk: makeScheduleDesk({ store, admission, fire, clock, wake: () => wake() }),
    start: () => {
      const kept = keepSchedules({ store, fire, clock, log: logger });
      wake = kept.wake;
      return kept;
    },
  };
};
