import type { Pause } from '../../base/records/pause.ts';
import { sshLine } from '../../guest/ssh/options.ts';
import type { Guest } from '../../guest/types.ts';
import type { Job } from '../job.ts';
import type { Step } from '../plan.ts';
import type { Running } from '../machine/running.ts';
import { goesOnByRunning } from '../take-up/goes-on-by-running.ts';
import type { StepTools } from '../attempt/tools.ts';

type Breakpoint = Pick<Pause, 'name'> & {
  readonly buildId: string;
  readonly timeoutMs: number;
  readonly note: string;
  /** What of it people can reach meanwhile, if there is anything yet. */
  readonly running: Running | undefined;
  readonly guest: Guest | undefined;
};

/** Holds a healthy build until a client resumes it, and says so in the log and the events. */
export const pauseBuild = async (
  { buildId, name, timeoutMs, note, running, guest }: Breakpoint,
  { breakpoints, clock, event, log, activity }: Pick<StepTools, 'breakpoints' | 'clock' | 'event' | 'log' | 'activity'>,
  signal: AbortSignal,
): Promise<void> => {
  const paused: Pause = {
    ...{ name, until: clock.now() + timeoutMs },
    ...(note === '' ? {} : { note }),
    ...(guest?.login === undefined ? {} : { ssh: sshLine(guest.login) }),
  };
  event('build.paused', paused);
  log(`paused at ${name}${note === '' ? '' : `: ${note}`}; POST /builds/${buildId}/resume goes on`);
  const by = await activity.during(
    () => 'it was at a breakpoint, and no client resumed it',
    () => breakpoints.wait(buildId, paused, running, signal),
  );
  event('build.resumed', { by });
  log(`resumed by ${by}`);
};

type Needs = { readonly job: Job; readonly guest?: Guest };

/** What a build with `debug` does before each step but the first, for `timeoutMs` at most. `running`: its machine. */
export const pauseBefore = (
  { name, phase }: Pick<Step<never, unknown>, 'name' | 'phase'>,
  timeoutMs: number,
  running: Running | undefined,
): Step<Needs, object> => ({
  name: `before-${name}`,
  type: 'debug',
  phase,
  timeoutMs,
  ...goesOnByRunning(async ({ job, guest }: Needs, tools: StepTools) => {
    const pause = { buildId: job.id, name: `before-${name}`, timeoutMs, note: '', running, guest };
    await pauseBuild(pause, tools, tools.signal);
    return {};
  }),
});
