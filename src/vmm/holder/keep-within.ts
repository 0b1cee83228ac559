import { closeSync, fstatSync, ftruncateSync, openSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';

const lookAgainMs = 2_000;

// st_blocks counts these (stat(2)). A file that begins anew under a writer that does not append has a hole in front.
const blockBytes = 512;

/** Has files that another program writes begin anew whenever they take more than `mostBytes` of the disk. One that is not there is made. */
export const keepWithin = (paths: readonly string[], mostBytes: number, clock: Clock): Disposable => {
  const files = paths.map((path) => openSync(path, 'a', 0o640));
  const looking = clock.every(lookAgainMs, () => {
    for (const file of files) if (fstatSync(file).blocks * blockBytes > mostBytes) ftruncateSync(file);
  });
  return {
    [Symbol.dispose]: () => {
      looking[Symbol.dispose]();
      for (const file of files) closeSync(file);
    },
  };
};
