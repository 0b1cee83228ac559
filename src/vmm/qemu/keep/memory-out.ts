/**
 * Takes the memory and devices of a machine from its QEMU and writes them to a file. What comes is put beside it as it is, for the
 * guest stands still meanwhile, and compressed when it goes on: zstd takes five times as long.
 */

import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { lchown, open, rm, stat, type FileHandle } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { cleanupStack } from '../../../base/cleanup.ts';
import { asFault, Fault } from '../../../base/fault.ts';
import { orAborted } from '../../../base/waiting.ts';

export type MemoryOut = AsyncDisposable & {
  /** Aborts with the fault when what QEMU writes cannot be taken: `storage_full`, `hypervisor_failed`. */
  readonly failed: AbortSignal;
  /** Waits until QEMU has written all. Throws what `failed` has. */
  readonly taken: (signal: AbortSignal) => Promise<void>;
  /** Then writes the file, and gives its size. */
  readonly compress: (signal: AbortSignal) => Promise<number>;
};

const chunkBytes = 256 * 1024;

/** Level 1: other builds may wait for it. The checksum tells damage of the file. */
const compressor = (size: number) => {
  const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };
  return createZstdCompress({ params, chunkSize: chunkBytes, pledgedSrcSize: size });
};

/** QEMU is the guest's prison, and may be the guest's already: it writes what a machine of this size can have. */
const bounded = (mostBytes: number) =>
  async function* (chunks: AsyncIterable<Uint8Array>) {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > mostBytes)
        throw new Fault('hypervisor_failed', `QEMU wrote more than ${mostBytes} bytes as the memory of the machine.`);
      yield chunk;
    }
  };

/** A stream into a file, which is closed at its end. */
const into = (file: FileHandle) => file.createWriteStream({ highWaterMark: 4 * chunkBytes });

/** A new file of mode 0600, which goes when nothing has made it whole. */
const fresh = async (path: string) => {
  const handle = await open(path, 'wx', 0o600);
  let isWhole = false;
  return {
    handle,
    keep: () => {
      isWhole = true;
    },
    async [Symbol.asyncDispose]() {
      await handle.close();
      if (!isWhole) await rm(path, { force: true });
    },
  };
};

/**
 * Listens at `socket` for QEMU, which runs as the user `owner`. Disposing it ends that, and removes what was taken as it is.
 */
export const takeMemory = async (
  { socket, owner }: { readonly socket: string; readonly owner: number | undefined },
  file: string,
  mostBytes: number,
): Promise<MemoryOut> => {
  const left = cleanupStack();
  const end = new AbortController();
  const failed = new AbortController();
  try {
    const to = left.keep(await fresh(file));
    const raw = left.keep(await fresh(`${file}.raw`));
    const server = createServer().listen({ path: socket });
    // The next that is taken may have the same name.
    let isClosed = false;
    const close = async () => {
      if (isClosed) return;
      isClosed = true;
      server.close();
      await rm(socket, { force: true });
    };
    left.defer(close);
    await once(server, 'listening');
    if (owner !== undefined) await lchown(socket, owner, owner);
    const take = async () => {
      const [from] = (await once(server, 'connection', { signal: end.signal })) as [Socket];
      server.close();
      await pipeline(from, bounded(mostBytes), into(raw.handle), { signal: end.signal });
    };
    const taken = take().catch((error: unknown) => failed.abort(asFault(error)));
    left.defer(async () => {
      end.abort(new Error('Nobody waits for the memory of the machine.'));
      await taken;
    });

    const takenBy = async (signal: AbortSignal) => {
      await orAborted(taken, signal);
      failed.signal.throwIfAborted();
      await close();
    };
    const compress = async (signal: AbortSignal) => {
      const path = `${file}.raw`;
      const from = createReadStream(path, { highWaterMark: chunkBytes });
      await pipeline(from, compressor((await stat(path)).size), into(to.handle), { signal });
      to.keep();
      return (await stat(file)).size;
    };
    return {
      failed: failed.signal,
      taken: takenBy,
      compress,
      [Symbol.asyncDispose]: () => left[Symbol.asyncDispose](),
    };
  } catch (error) {
    await left[Symbol.asyncDispose]();
    throw asFault(error);
  }
};
