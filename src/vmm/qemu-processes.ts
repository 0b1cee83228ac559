/** The processes of one machine: QEMU, the shell that is about to become it, and what connects its own network. */

import type { Clock } from '../clock.ts';
import { Fault } from '../fault.ts';
import { retry } from '../waiting.ts';
import { hasGone, processesWith } from './processes.ts';
import { machineFiles } from './qemu-files.ts';

// About 10 s in all: nobody's child can be waited for, so it is looked at until it has gone.
const untilGone = { attempts: 220, firstMs: 2, growth: 1.3, mostMs: 50 };

/**
 * The processes that are this machine. The command line says so: its name, and the pidfile in its own folder. The file
 * itself would not do: a QEMU that has just begun has none yet, and the number in an old one may be a stranger's by now.
 */
export const processesOf = async (name: string, folder: string, signal: AbortSignal): Promise<readonly number[]> => {
  const { pid, network } = machineFiles(folder);
  const [machine, connection] = await Promise.all([
    processesWith([` -name ${name} `, ` -pidfile ${pid} `], signal),
    processesWith(['slirp4netns ', ` --api-socket=${network} `], signal),
  ]);
  return [...machine, ...connection];
};

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It went by itself between our look and our blow.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

/**
 * Kills what is left of the machine, and returns when that has gone, together with those `found` earlier.
 * Throws `hypervisor_failed` when one of them does not go.
 */
export const endProcesses = async (
  name: string,
  folder: string,
  clock: Clock,
  signal: AbortSignal,
  found: readonly number[] = [],
): Promise<void> => {
  const left = await processesOf(name, folder, signal);
  for (const pid of left) kill(pid);
  const look = async () => {
    for (const pid of [...found, ...left])
      if (!(await hasGone(pid, signal)))
        throw new Fault('hypervisor_failed', `Process ${pid} of the machine was ended but does not go.`, { pid });
  };
  await retry(look, untilGone, (error) => error instanceof Fault, clock, signal);
};
