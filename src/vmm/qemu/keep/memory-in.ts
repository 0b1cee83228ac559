/** Gives a QEMU that waits for them the memory and devices of a machine that was kept. */

import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import type { Clock } from '../../../base/clock.ts';
import { Fault } from '../../../base/fault.ts';
import { machineFiles, sockets } from '../names.ts';
import { openRegular } from '../open-regular.ts';
import type { Qmp } from '../qmp.ts';
import { connectUnix } from '../../unix-socket.ts';
import { migrated } from './migration.ts';

const chunkBytes = 256 * 1024;
// QEMU takes what is ready as fast as it comes, and starts for 100 ms before.
const aheadBytes = 32 * 1024 * 1024;

/**
 * Gives QEMU what it takes, and reads to the end also where it hangs up before: it does so when it has all that it understands,
 * and what is damaged is known at the end of the file alone.
 */
const giveTo = (to: Socket) => {
  const hungUp = new Promise<void>((resolve) => to.once('close', () => resolve()));
  to.on('error', () => undefined); // told by QEMU's answer, or by its end
  return async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks)
      if (to.writable && !to.write(chunk))
        await Promise.race([hungUp, new Promise<void>((resolve) => to.once('drain', () => resolve()))]);
    to.end();
  };
};

/** The memory and devices of a machine that was kept: they are decompressed ahead from when they are opened. */
export type KeptMemory = AsyncDisposable & {
  /**
   * Resolves when the machine is as it was kept, and stands still. Throws `hypervisor_failed` when the file is damaged, and
   * `hypervisor_unavailable`: QEMU ends when it cannot make that machine of what it reads.
   */
  readonly give: (folder: string, qmp: Qmp, clock: Clock, signal: AbortSignal) => Promise<void>;
};

/** Throws `hypervisor_failed` when the file is not there. */
export const openMemory = async (memory: string): Promise<KeptMemory> => {
  const unreadable = (cause: unknown) =>
    new Fault('hypervisor_failed', `The memory kept in ${memory} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`, { path: memory }, { cause }); // prettier-ignore
  const { handle } = await openRegular(memory, 'read').catch((error: unknown) => {
    throw unreadable(error);
  });
  const from = handle.createReadStream({ highWaterMark: chunkBytes });
  const ahead = { readableHighWaterMark: aheadBytes };
  const decompress = createZstdDecompress({ chunkSize: chunkBytes, ...ahead });
  // Told to whoever reads it.
  decompress.on('error', () => undefined);
  from.on('error', (error) => decompress.destroy(error));
  from.pipe(decompress);
  return {
    give: async (folder, qmp, clock, signal) => {
      await qmp.execute('migrate-incoming', { uri: `unix:${sockets.from}` }, signal);
      const to = await connectUnix(machineFiles(folder).from, signal);
      try {
        await pipeline(decompress, giveTo(to), { signal }).catch((error: unknown) => {
          signal.throwIfAborted();
          throw unreadable(error);
        });
        await migrated((command, facts) => qmp.execute(command, facts, signal), clock, signal);
      } finally {
        to.destroy();
      }
    },
    async [Symbol.asyncDispose]() {
      decompress.destroy();
      from.destroy();
      await handle.close();
    },
  };
};
