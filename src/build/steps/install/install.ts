import { counted } from '../../../base/text/counted.ts';
import { Fault } from '../../../base/fault.ts';
import type { SshKey } from '../../../guest/types.ts';
import { saysRaced } from '../../../openbsd/installer/turns.ts';
import type { Spec } from '../../../template/spec.ts';
import { turnsOf } from '../../machine/turns.ts';
import { runtimeFactsOf } from '../../job.ts';
import type { Step } from '../../plan.ts';
import { converseWith, type Running } from '../../machine/running.ts';
import { goesOnByRunning } from '../../take-up/goes-on-by-running.ts';
import type { StepTools } from '../../attempt/tools.ts';

type Needs = { readonly installer: Running; readonly key?: SshKey };

/** An installer whose timer was faster than what was typed to it: nothing that the template wrote is to blame. */
const unlessRaced = (error: unknown): never => {
  if (!(error instanceof Fault) || error.code !== 'console_refused' || !saysRaced(error.facts['pattern'])) throw error;
  const words =
    'The installer began its automatic mode by its own timer of 5 seconds while it was told to begin: the host was too busy to type in time. The build begins anew.';
  throw new Fault('console_raced', words, error.facts, { cause: error });
};

/** The conversation with the installer, line by line. */
export const install = ({ turns, timeoutMs, ends }: NonNullable<Spec['install']>) =>
  ({
    name: 'install',
    phase: 'installing',
    timeoutMs,
    about: `${counted(turns.length, 'line')} on the console`,
    ...goesOnByRunning(async ({ installer, key }: Needs, { signal }: Pick<StepTools, 'signal'>) => {
      const lines = turnsOf(turns, runtimeFactsOf(installer.machine, key));
      await converseWith(installer, lines, signal, ends === 'never' ? 'to stay' : 'due to go').catch(unlessRaced);
      return {};
    }),
  }) satisfies Step<Needs, object>;
