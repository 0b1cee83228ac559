/**
 * Takes the memory and devices of a machine from its QEMU and writes them to a file. What comes is put beside it as it is, for the
 * guest stands still meanwhile, and compressed when it goes on: zstd takes five times as long.
 */

import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { lchown, open, rm, stat } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { cleanupStack } from '../../../base/cleanup.ts';
import { asFault, Fault } from '../../../base/fault.ts';
import { orAborted } from '../../../base/waiting.ts';

export type MemoryOut = AsyncDisposable & {
  /** Aborts with the fault when what QEMU writes cannot be taken: `storage_full`, `hypervisor_failed`. */
  readonly failed: AbortSignal;
  /** Waits until QEMU has written all, and writes the file, to the disk. Gives its size. Throws what `failed` has. */
  readonly compress: (signal: AbortSignal) => Promise<number>;
};

const chunkBytes = 256 * 1024;

/** Level 1: a build waits for it. The checksum tells damage of the file. */
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

/** A stream into a new file of mode 0600, which is flushed and closed at its end. */
const into = async (path: string, options: { readonly flush: boolean }) =>
  (await open(path, 'wx', 0o600)).createWriteStream({ ...options, highWaterMark: 4 * chunkBytes });

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
  const raw = `${file}.raw`;
  try {
    left.defer(() => rm(raw, { force: true }));
    const server = createServer().listen({ path: socket });
    left.defer(async () => {
      server.close();
      await rm(socket, { force: true });
    });
    await once(server, 'listening');
    if (owner !== undefined) await lchown(socket, owner, owner);
    const take = async () => {
      const [from] = (await once(server, 'connection', { signal: end.signal })) as [Socket];
      server.close();
      await pipeline(from, bounded(mostBytes), await into(raw, { flush: false }), { signal: end.signal });
    };
    const taken = take().catch((error: unknown) => failed.abort(asFault(error)));
    left.defer(async () => {
      end.abort(new Error('Nobody waits for the memory of the machine.'));
      await taken;
    });

    const compress = async (signal: AbortSignal) => {
      await orAborted(taken, signal);
      failed.signal.throwIfAborted();
      const to = await into(file, { flush: true });
      try {
        const from = createReadStream(raw, { highWaterMark: chunkBytes });
        await pipeline(from, compressor((await stat(raw)).size), to, { signal });
        return (await stat(file)).size;
      } catch (error) {
        await rm(file, { force: true });
        throw error;
      }
    };
    return { failed: failed.signal, compress, [Symbol.asyncDispose]: () => left[Symbol.asyncDispose]() };
  } catch (error) {
    await left[Symbol.asyncDispose]();
    throw asFault(error);
  }
};
