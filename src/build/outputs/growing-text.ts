import { open, type FileHandle } from 'node:fs/promises';
import { unlessErrno } from '../../base/errno.ts';
import { scratchOf } from '../../base/file/scratch.ts';
import type { Growth } from '../../base/growth.ts';

const chunkBytes = 64 * 1024;

const chunk = scratchOf(chunkBytes);

/** A text that is added to. It need not be there yet. Disposing it closes it. */
export type GrowingText = AsyncDisposable & {
  /** Calls back whenever there may be more. */
  readonly onGrew: (seen: () => void) => Disposable;
  /** What stands from an offset on, at most 64 KiB of it; no byte where there is none yet. */
  readonly read: (offset: number) => Promise<{ readonly bytes: Buffer; readonly isAll: boolean }>;
};

/** Opens it when it is first read and there. */
export const growingText = (path: string, growth: Growth): GrowingText => {
  let opening: Promise<FileHandle | undefined> | undefined;
  const file = async (): Promise<FileHandle | undefined> => {
    const own = (opening ??= unlessErrno(open(path), 'ENOENT'));
    const forget = () => {
      if (opening === own) opening = undefined;
    };
    const opened = await own.catch((error: unknown) => {
      forget();
      throw error;
    });
    if (opened === undefined) forget();
    return opened;
  };
  return {
    onGrew: (seen) => growth.onGrew(path, seen),
    read: async (offset) => {
      const opened = await file();
      if (opened === undefined) return { bytes: Buffer.alloc(0), isAll: true };
      using scratch = chunk();
      const { bytesRead } = await opened.read(scratch.buffer, 0, chunkBytes, offset);
      // Most of what is added is short, and waits with many clients: not each with a whole chunk behind it.
      return { bytes: Buffer.from(scratch.buffer.subarray(0, bytesRead)), isAll: bytesRead < chunkBytes };
    },
    async [Symbol.asyncDispose]() {
      await (await opening?.catch(() => undefined))?.close();
    },
  };
};
