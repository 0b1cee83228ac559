import { asFault, Fault } from '../../../base/fault.ts';
import type { SshKey } from '../../../guest/types.ts';
import type { Spec } from '../../../template/spec.ts';
import { turnsOf } from '../../machine/turns.ts';
import { runtimeFactsOf } from '../../job.ts';
import type { Step } from '../../plan.ts';
import { converseWith, type Running } from '../../machine/running.ts';
import type { StepTools } from '../../attempt/tools.ts';

type Needs = { readonly installer: Running; readonly key?: SshKey };

type Converse = (needs: Needs, tools: StepTools) => Promise<object>;

/**
 * The same, begun by an earlier daemon. What the guest asked its endpoint for while there was none, it did not get: what it says
 * of that says nothing of the build, which begins anew.
 */
const goOn =
  (converse: Converse): Converse =>
  async (needs, tools) => {
    try {
      return await converse(needs, tools);
    } catch (error) {
      const { code, message, facts } = asFault(error);
      if (tools.signal.aborted || (code !== 'console_refused' && code !== 'console_silent')) throw error;
      const away = 'The daemon was away in this step, and what the guest asked it for meanwhile is missing.';
      throw new Fault('not_taken_up', `${message} ${away}`, facts, { cause: error });
    }
  };

/** The conversation with the installer, line by line. */
export const install = ({ turns, timeoutMs, ends }: NonNullable<Spec['install']>) => {
  const run: Converse = async ({ installer, key }, { signal }) => {
    const lines = turnsOf(turns, runtimeFactsOf(installer.machine, key));
    await converseWith(installer, lines, signal, ends === 'never' ? 'to stay' : 'due to go');
    return {};
  };
  return {
    name: 'install',
    phase: 'installing',
    timeoutMs,
    about: `${turns.length} lines on the console`,
    run,
    takeUp: { cutShort: goOn(run) },
  } satisfies Step<Needs, object>;
};
