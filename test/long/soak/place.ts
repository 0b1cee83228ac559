/** Where the daemon of the soak keeps what it has: a file system of its own that can be filled, where that can be had. */

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cleanupStack } from '../../../src/base/cleanup.ts';

const run = promisify(execFile);

export type Place = AsyncDisposable & {
  readonly folder: string;
  readonly dataDir: string;
  /** Takes all of the free space until it is disposed; undefined: this disk is shared with others, and is not filled. */
  readonly fill: (() => Promise<AsyncDisposable>) | undefined;
};

const freeBytes = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
};

/** Root gets a tmpfs of that size. */
export const makePlace = async (sizeMb: number): Promise<Place> => {
  const left = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'soak-'));
  left.defer(() => rm(folder, { recursive: true, force: true }));
  const dataDir = join(folder, 'data');
  await mkdir(dataDir);
  const isOwn = process.getuid?.() === 0;
  if (isOwn) {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m,mode=0755`, 'tmpfs', dataDir]);
    left.defer(async () => void (await run('umount', [dataDir])));
  }
  const fill = async () => {
    const ballast = join(dataDir, 'ballast');
    const bytes = await freeBytes(dataDir);
    // The daemon writes meanwhile: what it was quicker to take is full as well.
    if (bytes > 0) await run('fallocate', ['-l', String(bytes), ballast]).catch(() => undefined);
    return { [Symbol.asyncDispose]: () => rm(ballast, { force: true }) };
  };
  return { folder, dataDir, fill: isOwn ? fill : undefined, [Symbol.asyncDispose]: left[Symbol.asyncDispose] };
};
