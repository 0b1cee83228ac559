import type { Spec } from '../../template/spec.ts';
import type { Step } from '../plan.ts';
import { awaitEnd, endedTooEarly, type Running } from '../running.ts';

/** The installer's machine ends by itself, in the way that the template says; then it is let go. */
export const awaitEndOfInstall = ({ ends, timeoutMs }: NonNullable<Spec['install']>) =>
  ({
    name: 'await-end-of-install',
    phase: 'installing',
    timeoutMs,
    about: `the machine's own ${ends}`,
    async run({ installer }, { signal }) {
      const ending = await awaitEnd(installer, signal);
      if (ending.how !== ends) throw endedTooEarly(ending, `the installer's ${ends}`, installer.console.tail());
      await installer[Symbol.asyncDispose]();
      return {};
    },
  }) satisfies Step<{ installer: Running }, object>;
