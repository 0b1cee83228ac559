import type { Api } from '../api/api.ts';
import { hasEnded } from '../api/follow.ts';
import type { RunCommand } from '../args/types.ts';
import { usageError } from '../client-error.ts';
import { printText } from './print-text.ts';
import { whichBuild } from './which-build.ts';

/** What a person can do whose console was closed: it may have been resumed, or let go, or its daemon stops. */
const whatNow = async (api: Api, id: string): Promise<string> => {
  const build = await api.ask('get', '/builds/{id}', { path: { id } }).catch(() => undefined);
  if (build === undefined) return `What has become of it, once the daemon answers again: imagectl show ${id}`;
  if (!hasEnded(build)) return `It is ${build.status}. To see how it goes on: imagectl watch ${id}`;
  return build.status === 'succeeded'
    ? 'It has succeeded.'
    : `It is ${build.status}. To build it again: imagectl retry ${id}`;
};

/** `imagectl console` */
export const run: RunCommand = async (job) => {
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
  const attached = () => output.tell('Attached. ~. at the beginning of a line leaves, ~? helps.');
  const ended = await attachConsole(
    { api, id, attached },
    { input: process.stdin, output: process.stdout },
    new AbortController().signal,
  );
  if (ended.how === 'left') output.tell('', 'Left. The console goes on.');
  else output.tell('', `The daemon has closed it: ${ended.reason} (${ended.code})`, await whatNow(api, id));
  return 'succeeded';
};
