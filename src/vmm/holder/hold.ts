import type { Clock } from '../../base/clock.ts';
import { deferred, orAborted } from '../../base/waiting.ts';
import type { SaidFile } from './said-file.ts';
import { serveDaemons } from './serve-daemons.ts';
import type { LineSource } from './source.ts';

// How soon a disk without room is tried again.
const lookAgainMs = 200;

/**
 * Puts all that the line brings on file, and has daemons type, until the line ends or `told` aborts. `onReady` is called when
 * daemons can come.
 */
export const hold = async (
  source: LineSource,
  said: SaidFile,
  socket: string,
  onReady: () => void,
  clock: Clock,
  told: AbortSignal,
): Promise<void> => {
  let came = deferred<void>();
  await serveDaemons(socket, source, said, () => {
    came.resolve();
    came = deferred();
  });
  onReady();
  told.addEventListener('abort', () => void source.end(), { once: true });
  for await (const bytes of source.bytes) {
    let rest = said.put(bytes);
    if (!source.canWait) said.leaveOut(rest);
    while (source.canWait && rest.byteLength > 0 && !told.aborted) {
      using soon = clock.deadline(lookAgainMs, told, () => undefined);
      await orAborted(came.promise, soon.signal).catch(() => undefined);
      rest = said.put(rest);
      // It was full when its machine went: what was left to read has no place.
      if (rest.byteLength > 0 && source.isOver()) return;
    }
  }
};
