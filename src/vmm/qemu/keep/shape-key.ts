/** What two machines must have in common, so that one goes on from the other's memory. */

import type { MachineLook, MachineSpec } from '../../types.ts';
import { qemuArgv, type Accelerator } from '../argv.ts';
import type { Handed } from '../process/hand-over.ts';
import type { Inventory } from '../probe/inventory.ts';
import { planOf } from '../plan.ts';

const anyFile = { set: 1, format: 'raw' } as const;

/** Files are what the memory says that they are; what counts is that there are as many, in the same places. */
const anyFiles = ({ disks, cdrom, cdOfFiles, seed, floppy, firmware }: MachineLook): Handed => ({
  disks: disks.map(() => ({ ...anyFile, layers: [] })),
  ...(cdrom === undefined ? {} : { cdrom: anyFile }),
  ...(cdOfFiles === undefined ? {} : { cdOfFiles: anyFile }),
  ...(seed?.by === 'cdrom' ? { seed: anyFile } : {}),
  ...(floppy === undefined ? {} : { floppy: anyFile }),
  ...(firmware === undefined ? {} : { firmware: { code: anyFile, variables: anyFile } }),
});

/** What is its own, or the same to its guest. */
const anywhere = { name: 'any', slot: 0, folder: '/', onReboot: 'again' } as const satisfies Partial<MachineSpec>;

/**
 * QEMU's version, the host's processor where the guest runs on it, and the command line without all that names this machine:
 * machine type, accelerator, processor, memory and every device in its order. QEMU promises to go on between versions
 * too, given the same machine type by its full name; that is not relied on, as a cache need not.
 */
export const machineShapeKey = (
  look: MachineLook,
  inventory: Inventory,
  accelerator: Accelerator,
  processor: string,
): string => {
  // Whoever gives all of a machine gives also where it goes on from.
  const { from: _from, ...machine }: MachineSpec = { ...look, ...anywhere };
  const plan = planOf(machine, anyFiles(look), inventory);
  const argv = qemuArgv(plan, { accelerator, canSandbox: false });
  const own = accelerator === 'tcg' ? [] : [processor];
  return ['qemu', inventory.version, ...own, ...argv].join(' ');
};
