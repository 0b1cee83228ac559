import type { Run } from '../args/types.ts';
import { usageError } from '../client-error.ts';
import { attachConsole } from '../parts.ts';
import { printText } from './print-text.ts';
import { whichBuild } from './which-build.ts';

/** `imagectl console` */
export const run: Run = async (job) => {
  const { output, values, operands } = job;
  if (values.attach !== true) {
    // A guest must not give orders to the terminal of who looks at it: that is what --attach is for.
    if (values.raw === true && process.stdout.isTTY)
      throw usageError('--raw is for a file or a pipe: what the guest wrote would give orders to this terminal.');
    return printText(job, 'console');
  }
  if (!output.canAsk) throw usageError('--attach needs a terminal at standard input and standard output.');
  const api = await job.api();
  const { id } = await whichBuild(api, operands[0]);
  return attachConsole(api, id);
};
