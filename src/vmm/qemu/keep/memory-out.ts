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
import { unlessErrno } from '../../../base/errno.ts';
import { asFault, Fault } from '../../../base/fault.ts';
import { orAborted } from '../../../base/waiting.ts';

export type MemoryOut = AsyncDisposable & {
  /** Aborts with the fault when what QEMU writes cannot be taken: `storage_full`, `hypervisor_failed`. */
  readonly failed: AbortSignal;
  /** Waits until QEMU has written all, which is beside the file then, for `compressMemory`. Throws what `failed` has. */
  readonly whole: (signal: AbortSignal) => Promise<void>;
};

const chunkBytes = 256 * 1024;

/** Level 1: the guest works beside it. The checksum tells damage of the file. */
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

/** Where the memory is as it came, until the file has it. */
const rawOf = (file: string): string => `${file}.raw`;

/**
 * Listens at `socket` for QEMU, which runs as the user `owner`. `file` is there from now on, and empty. Disposing it ends that,
 * and removes what was taken, unless it is whole.
 */
export const takeMemory = async (
  { socket, owner }: { readonly socket: string; readonly owner: number | undefined },
  file: string,
  mostBytes: number,
): Promise<MemoryOut> => {
  const left = cleanupStack();
  const end = new AbortController();
  const failed = new AbortController();
  let isWhole = false;
  try {
    const fresh = async (path: string) => {
      const handle = await open(path, 'wx', 0o600);
      left.defer(async () => {
        await handle.close();
        if (!isWhole) await rm(path, { force: true });
      });
      return handle;
    };
    await fresh(file);
    const raw = await fresh(rawOf(file));
    const server = createServer().listen({ path: socket });
    left.defer(async () => {
      server.close();
      await rm(socket, { force: true });
    });
    await once(server, 'listening');
    if (owner !== undefined) await lchown(socket, owner, owner);
    const take = async () => {
      // `once` does not know what its event carries: node:net, 'connection'.
      const [from] = (await once(server, 'connection', { signal: end.signal })) as [Socket];
      server.close();
      await pipeline(from, bounded(mostBytes), into(raw), { signal: end.signal });
    };
    const taken = take().catch((error: unknown) => failed.abort(asFault(error)));
    left.defer(async () => {
      end.abort(new Error('Nobody waits for the memory of the machine.'));
      await taken;
    });

    const whole = async (signal: AbortSignal) => {
      await orAborted(taken, signal);
      failed.signal.throwIfAborted();
      isWhole = true;
    };
    return { failed: failed.signal, whole, [Symbol.asyncDispose]: () => left[Symbol.asyncDispose]() };
  } catch (error) {
    await left[Symbol.asyncDispose]();
    throw asFault(error);
  }
};

/** Compresses what was taken into its file. Nothing is done where that has been. Throws `storage_full`, the signal's reason. */
export const compressMemory = async (file: string, signal: AbortSignal): Promise<void> => {
  const raw = rawOf(file);
  const found = await unlessErrno(stat(raw), 'ENOENT');
  if (found === undefined) return;
  try {
    const to = into(await open(file, 'w', 0o600));
    await pipeline(createReadStream(raw, { highWaterMark: chunkBytes }), compressor(found.size), to, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw asFault(error);
  }
  await rm(raw);
};
