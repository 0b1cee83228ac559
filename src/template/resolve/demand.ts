import type { MachineShape } from '../../base/hardware.ts';
import { downloadsOf } from '../../provisioners/table.ts';
import { withPlaceholders } from './shown-texts.ts';
import type { CloudInitSeed, DiskPlan, Spec } from '../spec.ts';

const knownToAll = ['vm_name', 'ssh_public_key'];

const needsOf = ({ files }: CloudInitSeed): 'addresses' | 'nothing' =>
  files.some(({ text }) => text.some((piece) => typeof piece === 'object' && !knownToAll.includes(piece.runtime)))
    ? 'addresses'
    : 'nothing';

/** What a hypervisor judges before anything runs. */
export const shapeOf = (spec: Spec): MachineShape => {
  const { kernel, initrd, append, device } = spec.boot;
  return {
    memoryMb: spec.memoryMb,
    cpus: spec.cpus,
    disks: spec.disks,
    nics: spec.nics,
    boot: {
      device,
      ...(append === undefined ? {} : { append: withPlaceholders(append) }),
      ...(kernel === undefined ? {} : { kernel: kernel.path }),
      ...(initrd === undefined ? {} : { initrd: initrd.path }),
    },
    ...(spec.firmware === undefined ? {} : { firmware: spec.firmware }),
    hasCdrom: spec.cdrom !== undefined,
    ...(spec.cdrom === undefined ? {} : { cdrom: spec.cdrom.path }),
    ...(spec.cloudInit === undefined ? {} : { seed: { by: spec.cloudInit.by, needs: needsOf(spec.cloudInit) } }),
    hasFloppy: spec.floppy !== undefined,
    ...(spec.cdOfFiles === undefined ? {} : { hasCdOfFiles: true }),
    ...(spec.floppyOfFiles === undefined ? {} : { hasFloppyOfFiles: true }),
    ...(spec.display === undefined ? {} : { display: spec.display }),
    model: spec.model,
  };
};

/** MB that the image of a disk takes at most: every cluster in use, with 8 bytes of L2 table and 2 of refcount for each 64 KiB, and its header. */
export const fullMb = (disk: DiskPlan): number => {
  const mb = disk.sizeMb ?? disk.base?.virtualMb ?? 0;
  return mb + Math.ceil(mb / 4096) + 1;
};

/**
 * What a build takes from its host at most: the machine's memory, and on disk every working disk written full, every file
 * that is downloaded from the guest or made by a post-processor (an export is as large as its disk), the media made of files, and `textsMb` for its
 * log, console and events. A base is not counted: it is not written to.
 */
export const demandOf = (spec: Spec, textsMb: number): { readonly memoryMb: number; readonly diskMb: number } => {
  const downloads = spec.provisioners.flatMap(downloadsOf).map(({ mostMb }) => mostMb);
  const made = spec.postProcessors.map(({ newMb }) => newMb);
  const media = [spec.cdOfFiles?.mb ?? 0, spec.floppyOfFiles?.mb ?? 0];
  const all = [...spec.disks.map(fullMb), ...media, ...downloads, ...made];
  return { memoryMb: spec.memoryMb, diskMb: all.reduce((sum, mb) => sum + mb, textsMb) };
};
