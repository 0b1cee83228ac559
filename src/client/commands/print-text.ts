import { visible } from '../../base/text/visible.ts';
import { filled, type Api } from '../api/api.ts';
import { followText } from '../api/follow.ts';
import { bytesOf } from '../api/lines.ts';
import { patience, patiently } from '../api/patience.ts';
import { unreachable } from '../api/refusal.ts';
import type { CommandJob } from '../args/types.ts';
import type { ClientEnding } from '../client-error.ts';
import { consoleText } from '../show/console-text.ts';
import { whichBuild } from './which-build.ts';

/** The bytes of a reply; throws `unreachable` where it breaks off. */
async function* wholeOf(reply: Response, { server }: Api): AsyncGenerator<Uint8Array> {
  try {
    yield* bytesOf(reply);
  } catch (error) {
    throw unreachable(error, server);
  }
}

/** Prints the log or the console of a build, and with `--follow` what is added until it has ended. */
export const printText = async (job: CommandJob, what: 'log' | 'console'): Promise<ClientEnding> => {
  const { output, values } = job;
  const api = await job.api();
  const which = () => whichBuild(api, job.operands[0]);
  // Who follows waits anyway.
  const { id } = await (values.follow === true ? patiently(output, which) : which());
  const text = consoleText();
  const shown = values.raw === true ? (piece: string) => piece : (piece: string) => visible(text(piece));
  const { signal } = new AbortController();
  if (values.follow !== true) {
    const path = `${filled('/builds/{id}', { id })}/${what}`;
    const reply = await api.open('get', path, { headers: { accept: 'text/plain' } });
    const decoder = new TextDecoder();
    for await (const bytes of wholeOf(reply, api))
      await output.write(values.raw === true ? bytes : shown(decoder.decode(bytes, { stream: true })));
    return 'succeeded';
  }
  const waiting = patience(signal, (state) =>
    output.tell(state === 'away' ? 'The daemon does not answer; asking again.' : 'The daemon is back.'),
  );
  for await (const piece of followText({ api, id, patience: waiting, signal }, what))
    await output.write(shown(piece.text));
  return 'succeeded';
};
