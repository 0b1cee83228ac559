/** Finds and ends the QEMU that an earlier run of the daemon left behind. */

import type { Clock } from '../../../base/clock.ts';
import { Fault } from '../../../base/fault.ts';
import { orAborted } from '../../../base/waiting.ts';
import { endHolders } from '../../held/holder.ts';
import { machineFiles } from '../names.ts';
import { removeTraces } from './spawn.ts';
import { endProcesses, processesOf } from './processes.ts';
import { openQmp } from '../qmp.ts';

const mostMsToQuit = 1_000;

/** Over QMP, so that QEMU closes its disks as it should. Rejects when there is no QMP, or no quick answer. */
const quit = async (folder: string, clock: Clock, signal: AbortSignal): Promise<void> => {
  const slow = () => new Fault('hypervisor_unavailable', 'QEMU did not quit when it was told to.');
  using patience = clock.deadline(mostMsToQuit, signal, slow);
  await using qmp = await openQmp(machineFiles(folder).qmp, () => undefined, patience.signal);
  await qmp.execute('quit', {}, patience.signal);
  await orAborted(qmp.closed, patience.signal);
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
    await endProcesses(name, folder, clock, signal, found);
  }
  await endHolders(folder, clock, signal);
  await removeTraces(folder);
  return found.length > 0;
};
