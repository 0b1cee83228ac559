/** Takes the memory and devices of a machine from its QEMU and writes them to a file. */

import { once } from 'node:events';
import { lchown, open, rm, stat } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { cleanupStack } from '../../../base/cleanup.ts';
import { asFault, Fault } from '../../../base/fault.ts';

export type MemoryOut = AsyncDisposable & {
  /** Resolves when QEMU has written all, with the size of the file, which is on the disk then. Throws `storage_full`, `hypervisor_failed`. */
  readonly written: Promise<number>;
  /** Aborts with the fault when it cannot be written. */
  readonly failed: AbortSignal;
};

/** Level 1: the guest stands still for it. The checksum tells damage of the file. */
const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };
const chunkBytes = 256 * 1024;

/** QEMU is the guest's prisoner, or may be the guest's already: it writes what a machine of this size can have. */
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

/**
 * Listens at `socket` for QEMU, as whose user `owner` is, and writes what comes to `file`, a new one of mode 0600.
 * Disposing it ends that; the file stays.
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
    const out = await open(file, 'wx', 0o600);
    left.defer(() => out.close());
    const server = createServer({ highWaterMark: chunkBytes }).listen({ path: socket });
    left.defer(async () => {
      server.close();
      await rm(socket, { force: true });
    });
    await once(server, 'listening');
    if (owner !== undefined) await lchown(socket, owner, owner);
    const write = async (): Promise<number> => {
      const [from] = (await once(server, 'connection', { signal: end.signal })) as [Socket];
      server.close();
      const compress = createZstdCompress({ params, chunkSize: chunkBytes });
      // Flushed and closed at its end.
      const into = out.createWriteStream({ flush: true });
      await pipeline(from, bounded(mostBytes), compress, into, { signal: end.signal });
      return (await stat(file)).size;
    };
    const written = write().catch((error: unknown) => {
      failed.abort(asFault(error));
      throw failed.signal.reason;
    });
    written.catch(() => undefined); // told by `failed` where nobody waits for it
    left.defer(async () => {
      end.abort(new Error('Nobody waits for the memory of the machine.'));
      await written.catch(() => undefined);
    });
    return { written, failed: failed.signal, [Symbol.asyncDispose]: () => left[Symbol.asyncDispose]() };
  } catch (error) {
    await left[Symbol.asyncDispose]();
    throw asFault(error);
  }
};
