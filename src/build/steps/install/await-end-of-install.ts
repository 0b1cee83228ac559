import type { Spec } from '../../../template/spec.ts';
import type { Step } from '../../plan.ts';
import { awaitEnd, endedTooEarly, type Running } from '../../machine/running.ts';
import { goesOnByRunning } from '../../take-up/goes-on-by-running.ts';
import type { StepTools } from '../../attempt/tools.ts';

/** The installer's machine ends by itself, in the way that the template says; then it is let go. */
export const awaitEndOfInstall = ({ ends, timeoutMs, refuse }: NonNullable<Spec['install']>) =>
  ({
    name: 'await-end-of-install',
    phase: 'installing',
    timeoutMs,
    about: ends === 'any' ? "the machine's own halt or reboot" : `the machine's own ${ends}`,
    ...goesOnByRunning(async ({ installer }: { installer: Running }, { signal }: StepTools) => {
      const ending = await awaitEnd(installer, refuse, signal);
      const isDue = ends === 'any' ? ending.how === 'halt' || ending.how === 'reboot' : ending.how === ends;
      if (!isDue) throw endedTooEarly(ending, `the installer's own ${ends === 'any' ? 'halt or reboot' : ends}`);
      await installer[Symbol.asyncDispose]();
      return {};
    }),
  }) satisfies Step<{ installer: Running }, object>;
