import { rm } from 'node:fs/promises';
import { asFault, Fault } from '../../base/fault.ts';
import { slotName } from '../folders/folders.ts';
import { launch, takeUp, type Launch } from '../machine/launch.ts';
import type { Running } from '../machine/running.ts';
import type { StepTools } from '../attempt/tools.ts';
import type { Restarting } from './journal.ts';

/**
 * The machine that an earlier daemon had started over disks that it had put to rest, or was about to start. Throws `not_taken_up` where
 * one that ran cannot be had again.
 */
export const machineAgain = async (
  launched: Launch,
  { isUp }: Pick<Restarting, 'isUp'>,
  tools: StepTools,
): Promise<Running> => {
  const { hypervisor, signal } = tools;
  if (isUp === true) {
    const lost = (error: unknown) => {
      signal.throwIfAborted();
      const { message, facts } = asFault(error);
      const words = `The guest that was being started anew could not be had again: ${message}`;
      throw new Fault('not_taken_up', words, facts, { cause: error });
    };
    return takeUp(launched, tools).catch(lost);
  }
  const { job, disks } = launched;
  await hypervisor.reap(slotName(job.slot), job.folders.machine(job.slot), signal);
  // One that was just started has done nothing that counts.
  for (const disk of disks) {
    await rm(disk.path, { force: true });
    await hypervisor.createDisk(disk, signal);
  }
  return launch(launched, tools);
};
