import { open, type FileHandle } from 'node:fs/promises';
import { isEnded } from '../../base/records/status.ts';
import { unlessErrno } from '../../base/errno.ts';
import type { Growth } from '../../base/growth.ts';
import { makeNotifier } from '../../base/notifier.ts';
import type { Store } from '../../queue/store.ts';

const chunkBytes = 64 * 1024;

const openIfThere = (path: string): Promise<FileHandle | undefined> => unlessErrno(open(path), 'ENOENT');

type Following = {
  readonly buildId: string;
  readonly path: string;
  /** Bytes to leave out at the beginning. */
  readonly offset: number;
  readonly growth: Growth;
  readonly store: Pick<Store, 'find' | 'onChange'>;
};

/**
 * What a file of a build holds and what is added to it, until the build has ended or the signal aborts. A chunk is
 * read when the one before has been taken: a slow reader costs one chunk. The file may come later.
 */
export const followFile = async function* (
  { buildId, path, offset, growth, store }: Following,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const notifier = makeNotifier();
  let mayHaveEnded = true;
  using _grown = growth.onGrew(path, notifier.ring);
  using _changed = store.onChange(buildId, () => {
    mayHaveEnded = true;
    notifier.ring();
  });
  let file: FileHandle | undefined;
  try {
    let at = offset;
    do {
      let isLast = false;
      if (mayHaveEnded) {
        mayHaveEnded = false;
        // Asked before the file is read, so that what is read after it is all there will be.
        const build = await store.find(buildId);
        isLast = build === undefined || isEnded(build.status);
      }
      file ??= await openIfThere(path);
      while (file && !signal.aborted) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, at);
        if (bytesRead === 0) break;
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
      if (isLast) return;
    } while (await notifier.heard(signal));
  } finally {
    await file?.close();
  }
};
