import type { MachineShape } from '../../base/hardware.ts';
import type { DiskPlan, Spec } from '../spec.ts';

/** What a hypervisor judges before anything runs. */
export const shapeOf = (spec: Spec): MachineShape => {
  const { kernel, initrd, ...boot } = spec.boot;
  return {
    memoryMb: spec.memoryMb,
    cpus: spec.cpus,
    disks: spec.disks,
    nics: spec.nics,
    boot: {
      ...boot,
      ...(kernel === undefined ? {} : { kernel: kernel.path }),
      ...(initrd === undefined ? {} : { initrd: initrd.path }),
    },
    hasCdrom: spec.cdrom !== undefined,
    ...(spec.cdrom === undefined ? {} : { cdrom: spec.cdrom.path }),
    hasFloppy: spec.floppy !== undefined,
    model: spec.model,
  };
};

// A qcow2 image with every cluster in use: 8 bytes of L2 table and 2 of refcount for each 64 KiB, and its header.
const fullMb = (disk: DiskPlan): number => {
  const mb = disk.sizeMb ?? disk.base?.virtualMb ?? 0;
  return mb + Math.ceil(mb / 4096) + 1;
};

/**
 * What a build takes from its host at most: the machine's memory, and on disk every working disk written full, every
 * artifact as large as its disk, and `textsMb` for its log, console and events. A base is not counted: it is never written to.
 */
export const demandOf = (spec: Spec, textsMb: number): { readonly memoryMb: number; readonly diskMb: number } => {
  const sizes = spec.disks.map(fullMb);
  const artifacts = spec.artifacts.map(({ disk }) => sizes[disk] ?? 0);
  return { memoryMb: spec.memoryMb, diskMb: [...sizes, ...artifacts].reduce((sum, mb) => sum + mb, textsMb) };
};
