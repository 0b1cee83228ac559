import type { SshKey } from '../../../guest/types.ts';
import type { Spec } from '../../../template/spec.ts';
import { turnsOf } from '../../machine/turns.ts';
import { runtimeFactsOf } from '../../job.ts';
import type { Step } from '../../plan.ts';
import { converseWith, type Running } from '../../machine/running.ts';
import { goesOnByRunning } from '../../take-up/goes-on-by-running.ts';
import type { StepTools } from '../../attempt/tools.ts';

type Needs = { readonly installer: Running; readonly key?: SshKey };

/** The conversation with the installer, line by line. */
export const install = ({ turns, timeoutMs, ends }: NonNullable<Spec['install']>) =>
  ({
    name: 'install',
    phase: 'installing',
    timeoutMs,
    about: `${turns.length} lines on the console`,
    ...goesOnByRunning(async ({ installer, key }: Needs, { signal }: Pick<StepTools, 'signal'>) => {
      const lines = turnsOf(turns, runtimeFactsOf(installer.machine, key));
      await converseWith(installer, lines, signal, ends === 'never' ? 'to stay' : 'due to go');
      return {};
    }),
  }) satisfies Step<Needs, object>;
