import type { Run } from '../args/types.ts';
import { usageError } from '../client-error.ts';
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
  // Only who types on a console needs what that takes.
  const { attachConsole } = await import('../attach/attach-console.ts');
  const { url, token } = api.server;
  output.tell('Attached. ~. at the beginning of a line leaves, ~? helps.');
  const ask = { url: url.href.replace(/\/$/, ''), token, build: id };
  const ended = await attachConsole(
    ask,
    { input: process.stdin, output: process.stdout },
    new AbortController().signal,
  );
  output.tell('', ended.how === 'left' ? 'Left. The console goes on.' : `The daemon has closed it: ${ended.reason} (${ended.code})`); // prettier-ignore
  return 'succeeded';
};
