import { Fault } from '../../base/fault.ts';
import type { Pause } from '../../base/records/pause.ts';
import { deferred, orAborted, type Deferred } from '../../base/waiting.ts';
import type { Running } from '../machine/running.ts';
import type { Held } from './hold.ts';

/** Builds that are at a breakpoint: healthy, running, and waiting for a client. */
export type Breakpoints = {
  /** Waits until the build is resumed; the console of its machine, if there is one, takes keys meanwhile. Gives the name of the token that said so. */
  readonly wait: (buildId: string, pause: Pause, running: Running | undefined, signal: AbortSignal) => Promise<string>;
  /** `by`: the name of the token that says so. Throws `build_not_paused`. */
  readonly resume: (buildId: string, by: string) => void;
  /** Where a build waits; nowhere while it goes on. */
  readonly pauses: (buildId: string) => readonly Pause[];
};

export const makeBreakpoints = (held: Pick<Held, 'add'>): Breakpoints => {
  // Sequences run side by side, and one client resumes them all.
  const paused = new Map<string, Map<Deferred<string>, Pause>>();
  return {
    wait: async (buildId, pause, running, signal) => {
      const resumed = deferred<string>();
      using reachable = running && held.add(buildId, running);
      void reachable;
      const all = paused.get(buildId) ?? new Map<Deferred<string>, Pause>();
      paused.set(buildId, all.set(resumed, pause));
      try {
        return await orAborted(resumed.promise, signal);
      } finally {
        all.delete(resumed);
        if (all.size === 0) paused.delete(buildId);
      }
    },
    resume: (buildId, by) => {
      const all = paused.get(buildId);
      if (all === undefined)
        throw new Fault(
          'build_not_paused',
          `Build ${buildId} is neither held nor at a breakpoint, so there is nothing to resume.`,
        );
      for (const resumed of all.keys()) resumed.resolve(by);
    },
    pauses: (buildId) => [...(paused.get(buildId)?.values() ?? [])],
  };
};
