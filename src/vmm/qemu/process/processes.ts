/** The processes of one machine: QEMU, the shell that is about to become it, and what connects its own network. */

import type { Clock } from '../../../base/clock.ts';
import { join } from 'node:path';
import { processesWith, processesWithAny } from '../../processes.ts';
import { endAll } from '../../end-processes.ts';
import { markedId } from '../argv.ts';
import { markOf, networkSocket } from '../names.ts';

/**
 * The processes that are this machine. The command line says so, from the first moment on: its name, and its folder's
 * mark. A file with a number would not do: it comes later, and the number in an old one may be a stranger's by now.
 */
export const processesOf = (name: string, folder: string, signal: AbortSignal): Promise<readonly number[]> =>
  processesWithAny(
    [
      [` -name ${name} `, ` -mon chardev=${markedId(markOf(folder))},`],
      ['slirp4netns ', ` --api-socket=${networkSocket(folder)} `],
      // As imaged named them at first: a machine outlives the daemon that started it, and its upgrade too.
      [` -name ${name} `, ` -pidfile ${join(folder, 'qemu.pid')} `],
      ['slirp4netns ', ` --api-socket=${join(folder, 'net.sock')} `],
    ],
    signal,
  );

/** Kills what is left of the machine, and returns when that has gone, together with those `found` earlier. */
export const endProcesses = async (
  name: string,
  folder: string,
  clock: Clock,
  signal: AbortSignal,
  found: readonly number[] = [],
): Promise<void> => endAll(await processesOf(name, folder, signal), 'QEMU', clock, signal, found);

/** See `Hypervisor.reapWork`. A qemu-img is no child of this daemon's, and would go on writing where others work now. */
export const reapWork = async (program: string, folder: string, clock: Clock, signal: AbortSignal): Promise<number> => {
  const found = await processesWith([`${program} `, ` ${folder}/`], signal);
  await endAll(found, program, clock, signal);
  return found.length;
};
