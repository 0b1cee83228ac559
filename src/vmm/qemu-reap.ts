/** Finds and ends the QEMU, and the qemu-img, that an earlier run of the daemon left behind. */

import type { Clock } from '../clock.ts';
import { Fault } from '../fault.ts';
import { orAborted, retry } from '../waiting.ts';
import { hasGone, processesWith } from './processes.ts';
import { machineFiles } from './qemu-files.ts';
import { removeTraces } from './qemu-machine.ts';
import { openQmp } from './qmp.ts';

const mostMsToQuit = 1_000;

// About 10 s in all: nobody's child can be waited for, so it is looked at until it has gone.
const untilGone = { attempts: 220, firstMs: 2, growth: 1.3, mostMs: 50 };

/**
 * The processes that are this machine. The command line says so: its name, and the pidfile in its own folder. The file
 * itself would not do: a QEMU that has just begun has none yet, and the number in an old one may be a stranger's by now.
 */
const processesOf = (name: string, folder: string, signal: AbortSignal): Promise<readonly number[]> =>
  processesWith([` -name ${name} `, ` -pidfile ${machineFiles(folder).pid} `], signal);

/** Over QMP, so that QEMU closes its disks as it should. Rejects when there is no QMP, or no quick answer. */
const quit = async (folder: string, clock: Clock, signal: AbortSignal): Promise<void> => {
  const slow = () => new Fault('hypervisor_unavailable', 'QEMU did not quit when it was told to.');
  using patience = clock.deadline(mostMsToQuit, signal, slow);
  await using qmp = await openQmp(machineFiles(folder).qmp, () => undefined, patience.signal);
  await qmp.execute('quit', {}, patience.signal);
  await orAborted(qmp.closed, patience.signal);
};

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It went by itself between our look and our blow.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

const awaitEnd = async (pids: readonly number[], what: string, clock: Clock, signal: AbortSignal): Promise<void> => {
  const look = async () => {
    for (const pid of pids)
      if (!(await hasGone(pid, signal)))
        throw new Fault('hypervisor_failed', `${what} (process ${pid}) was ended but does not go.`, { pid });
  };
  await retry(look, untilGone, (error) => error instanceof Fault, clock, signal);
};

/** See `Hypervisor.reap`. */
export const reapMachine = async (
  name: string,
  folder: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> => {
  const found = await processesOf(name, folder, signal);
  if (found.length > 0) {
    // However that went, what counts is whether it is still there.
    await quit(folder, clock, signal).catch(() => signal.throwIfAborted());
    for (const pid of await processesOf(name, folder, signal)) kill(pid);
    await awaitEnd(found, 'QEMU', clock, signal);
  }
  await removeTraces(folder);
  return found.length > 0;
};

/** See `Hypervisor.reapWork`. A qemu-img is no child of this daemon's, and would go on writing where others work now. */
export const reapWork = async (program: string, folder: string, clock: Clock, signal: AbortSignal): Promise<number> => {
  const found = await processesWith([`${program} `, ` ${folder}/`], signal);
  found.forEach(kill);
  await awaitEnd(found, program, clock, signal);
  return found.length;
};
