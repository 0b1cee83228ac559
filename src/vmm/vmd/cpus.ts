import { Fault } from '../../base/fault.ts';
import { runProgram } from '../../base/program.ts';
import { startUsageArgv } from './argv.ts';
import type { VmdTraits } from '../../base/openbsd/releases.ts';

/** VMM_MAX_VCPUS_PER_VM where `vmctl start` has -p (vmctl(8), 1.80). */
const mostWithOption = 64;

/** How many processors vmd gives a machine at most. Rejects with the signal's reason. */
export type AskMostCpus = (signal: AbortSignal) => Promise<number>;

/**
 * Asks vmctl by its usage line, where the table of releases cannot tell. A vmctl that cannot be run refuses nothing: no
 * machine starts before it can.
 */
export const mostCpusAsker =
  (vmctl: string, { mostCpus }: VmdTraits): AskMostCpus =>
  async (signal) => {
    if (mostCpus !== 'ask') return mostCpus;
    try {
      const { stderr } = await runProgram(vmctl, startUsageArgv, { signal, accept: 'any' });
      return /\[-p [^\]]+\]/.test(stderr) ? mostWithOption : 1;
    } catch (error) {
      if (error instanceof Fault && error.code === 'program_missing') return mostWithOption;
      throw error;
    }
  };
