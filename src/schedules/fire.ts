import type { Clock } from '../base/clock.ts';
import { asFault, faults, type Fault } from '../base/fault.ts';
import type { Ids } from '../base/ids.ts';
import { isEnded, Status } from '../base/records/status.ts';
import type { Admission } from '../build/admission.ts';
import type { RequestKey, Submit } from '../build/submit.ts';
import type { BuildAsk } from '../queue/asked.ts';
import type { NewSchedule, Schedule, ScheduleRun } from '../queue/schedules.ts';
import type { Store } from '../queue/store.ts';
import { inputsDigest } from './inputs.ts';

export type FireParts = {
  readonly store: Pick<Store, 'scheduleBuilds' | 'template'>;
  readonly admission: Pick<Admission, 'check'>;
  readonly submit: Submit;
  readonly clock: Clock;
  readonly ids: Ids;
};

/** The label that every build of a schedule has. */
export const scheduleLabel = 'schedule';

/** What a build of a schedule is asked for as. */
export const askOf = (schedule: NewSchedule): BuildAsk => ({
  template: schedule.template,
  variables: schedule.variables,
  labels: { ...schedule.labels, [scheduleLabel]: schedule.name },
  priority: 0,
  onError: 'cleanup',
  ...(schedule.machine === undefined ? {} : { machine: schedule.machine }),
  ...(schedule.requestedBy === undefined ? {} : { requestedBy: schedule.requestedBy }),
});

const isRunning = (status: string): boolean => {
  const known = Status.safeParse(status);
  return known.success && !isEnded(known.data);
};

/** Whether the host, or the moment, is to blame: another one may do better. */
const mayPass = ({ code }: Fault): boolean => faults[code].class === 'infra';

type Started = { readonly buildId: string; readonly inputs: string };

const reasonOf = (error: unknown): string => {
  const fault = asFault(error);
  const [first] = fault.facts.errors ?? [];
  return first === undefined ? fault.message : `${fault.message}: ${first.pointer}: ${first.message}`;
};

/** How a schedule starts a build, at its time or by hand. */
export type Fire = {
  /**
   * Starts the build of a time that has come, unless it need not be; what is wrong with it is told in the record. The same
   * time starts the same build again. Throws only faults that may pass.
   */
  readonly atTime: (schedule: Schedule, dueAt: number) => Promise<ScheduleRun>;
  /** Starts a build now, whether anything has changed or not. Throws what `Submit` throws. */
  readonly byHand: (schedule: Schedule, by: string) => Promise<ScheduleRun & { readonly outcome: 'started' }>;
};

export const makeFire = (parts: FireParts): Fire => {
  const { store, admission, submit, clock, ids } = parts;

  const start = async (schedule: Schedule, inputs: string, key?: RequestKey): Promise<Started> => {
    const { build } = await submit(askOf(schedule), key);
    return { buildId: build.id, inputs };
  };
  const inputsNow = async (schedule: Schedule) =>
    inputsDigest(schedule, await admission.check(askOf(schedule)), store, ids);

  /** Why no build is started at this time; `inputs` are those that one would have. */
  const whyNot = async (schedule: Schedule, inputs: string): Promise<string | undefined> => {
    const builds = await store.scheduleBuilds(schedule.name);
    const running = builds.find(({ status }) => isRunning(status));
    if (running !== undefined) return `its build ${running.id} has not ended yet`;
    const good = builds.find(({ status }) => status === 'succeeded');
    return schedule.skipUnchanged && good?.inputs === inputs
      ? `nothing has changed since the build ${good.id}: template, variables and inputs are the same`
      : undefined;
  };

  return {
    atTime: async (schedule, dueAt) => {
      const { name, createdAt } = schedule;
      const record = { dueAt, at: clock.now() };
      try {
        const inputs = await inputsNow(schedule);
        const key = `${name}/${createdAt}/${dueAt}`;
        const why = await whyNot(schedule, inputs);
        if (why !== undefined) return { ...record, outcome: 'skipped', why };
        // A daemon that died before this was written finds the build that it had started.
        return { ...record, outcome: 'started', ...(await start(schedule, inputs, { key, owner: scheduleLabel })) };
      } catch (error) {
        if (mayPass(asFault(error))) throw error;
        return { ...record, outcome: 'failed', why: reasonOf(error) };
      }
    },
    byHand: async (schedule, by) => {
      const now = clock.now();
      const asked = { ...schedule, requestedBy: by };
      return { dueAt: now, at: now, by, outcome: 'started', ...(await start(asked, await inputsNow(schedule))) };
    },
  };
};
