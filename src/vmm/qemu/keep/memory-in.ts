/** Gives a QEMU that waits for them the memory and devices of a machine that was kept. */

import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import type { Clock } from '../../../base/clock.ts';
import { Fault } from '../../../base/fault.ts';
import { machineFiles, sockets } from '../names.ts';
import { openRegular } from '../open-regular.ts';
import type { Qmp } from '../qmp.ts';
import { connectUnix } from '../unix-socket.ts';
import { migrated } from './migration.ts';

const chunkBytes = 256 * 1024;

/**
 * Resolves when the machine is as it was kept, and stands still. Throws `hypervisor_failed` when the file is damaged, and
 * `hypervisor_unavailable`: QEMU ends when it cannot make that machine of what it reads.
 */
export const giveMemory = async (
  memory: string,
  folder: string,
  qmp: Qmp,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> => {
  const unreadable = (cause: unknown) =>
    new Fault('hypervisor_failed', `The memory kept in ${memory} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`, { path: memory }, { cause }); // prettier-ignore
  const { handle } = await openRegular(memory, 'read').catch((error: unknown) => {
    throw unreadable(error);
  });
  await using _open = handle;
  await qmp.execute('migrate-incoming', { uri: `unix:${sockets.from}` }, signal);
  const to = await connectUnix(machineFiles(folder).from, signal);
  try {
    let damage: unknown;
    const decompress = createZstdDecompress({ chunkSize: chunkBytes }).on('error', (error) => (damage ??= error));
    const from = handle.createReadStream({ highWaterMark: chunkBytes });
    const given = pipeline(from, decompress, to, { signal });
    // When QEMU does not want the rest, it is the one to say why, by its end.
    await given.catch((error: unknown) => {
      signal.throwIfAborted();
      if (damage === error) throw unreadable(error);
    });
    await migrated((command, facts) => qmp.execute(command, facts, signal), clock, signal);
  } finally {
    to.destroy();
  }
};
