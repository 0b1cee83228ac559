/** The processes of one machine: QEMU, the shell that is about to become it, and what connects its own network. */

import type { Clock } from '../clock.ts';
import { Fault } from '../fault.ts';
import { retry } from '../waiting.ts';
import { join } from 'node:path';
import { hasGone, processesWith, processesWithAny } from './processes.ts';
import { markedId } from './qemu-argv.ts';
import { markOf, networkSocket } from './qemu/names.ts';

// About 10 s in all: nobody's child can be waited for, so it is looked at until it has gone.
const untilGone = { attempts: 220, firstMs: 2, growth: 1.3, mostMs: 50 };

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

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It went by itself between our look and our blow.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

/** Returns when these have gone. Throws `hypervisor_failed` when one does not. */
export const awaitGone = async (
  pids: readonly number[],
  what: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> => {
  const look = async () => {
    for (const pid of pids)
      if (!(await hasGone(pid, signal)))
        throw new Fault('hypervisor_failed', `${what} (process ${pid}) was to end but does not go.`, { pid });
  };
  await retry(look, untilGone, (error) => error instanceof Fault, clock, signal);
};

/** Kills these, and returns when they and those `found` earlier have gone. Throws `hypervisor_failed` when one does not. */
export const endAll = async (
  left: readonly number[],
  what: string,
  clock: Clock,
  signal: AbortSignal,
  found: readonly number[] = [],
): Promise<void> => {
  for (const pid of left) kill(pid);
  await awaitGone([...found, ...left], what, clock, signal);
};

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
