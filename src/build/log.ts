import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Growth } from '../growth.ts';

/** A build's log: lines for people, each with its time. Disposing it waits until all are on file. */
export type Log = AsyncDisposable & {
  readonly write: (line: string) => void;
};

const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** Opens the log for appending. `failed` is told of the first write that fails; later ones are not tried. */
export const openLog = async (
  path: string,
  {
    clock,
    growth,
    failed,
  }: { readonly clock: Clock; readonly growth: Growth; readonly failed: (error: unknown) => void },
): Promise<Log> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  const file = await open(path, 'a', 0o640);
  let waiting: string[] = [];
  let writing: Promise<void> | undefined;
  let broken = false;

  const writeAll = async () => {
    while (waiting.length > 0 && !broken) {
      const lines = waiting.join('');
      waiting = [];
      try {
        await file.appendFile(lines);
        growth.grew(path);
      } catch (error) {
        broken = true;
        failed(error);
      }
    }
    writing = undefined;
  };

  return {
    write: (line) => {
      waiting.push(`${new Date(clock.now()).toISOString()} ${line.replace(controls, '')}\n`);
      writing ??= writeAll();
    },
    async [Symbol.asyncDispose]() {
      await writing;
      await file.close();
    },
  };
};
