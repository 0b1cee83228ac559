/** The command line of one machine, as a value: no I/O, the same plan gives the same words. */

import type { Icount, Rtc } from '../../base/hardware.ts';
import { nicArgv } from './network.ts';
import { option } from './option.ts';
import type { HandedFile } from './process/hand-over.ts';
import { eventsPipe, kernelFiles, serialPipe, sockets } from './names.ts';
import type { MachinePlan } from './plan.ts';
import { sandboxOf } from './process/sandbox.ts';
import { firstHandedFd } from '../../base/process/handed-fd.ts';

export type Accelerator = 'kvm' | 'hvf' | 'tcg';

/** What this host decides, not the template. */
export type HostChoice = {
  readonly accelerator: Accelerator;
  /** QEMU was built with seccomp. */
  readonly canSandbox: boolean;
};

/** The control socket's name inside QEMU: no pidfile is needed, whose path QEMU would resolve up to the root. */
export const markedId = (mark: string): string => `qmp-${mark}`;

/**
 * The control socket, and behind it the line of events. QEMU hands each monitor to a thread of its own, in this order: when it
 * answers on the second, it listens on the first in that thread alone. A client that came earlier could be accepted by both
 * threads, and the one that came too late would stand still for good (QEMU's monitor/qmp.c and io/net-listener.c).
 */
const controlArgv = (mark: string): readonly string[] => [
  ...['-chardev', option('socket', { id: markedId(mark), path: sockets.qmp, server: 'on', wait: 'off' })],
  ...['-mon', option('', { chardev: markedId(mark), mode: 'control' })],
  ...['-chardev', option('pipe', { id: 'events', path: eventsPipe })],
  ...['-mon', option('', { chardev: 'events', mode: 'control' })],
];

/** Whether a machine type is one of q35, of whatever version. */
export const isQ35 = (machineType: string): boolean => /^(pc-)?q35/.test(machineType);

/** q35 has six ports of one drive each, the older pc two channels of two. */
const idePlace = (plan: MachinePlan, index: number) =>
  isQ35(plan.machineType) ? { bus: `ide.${index}` } : { bus: `ide.${index >> 1}`, unit: index & 1 };

const diskDevice = (plan: MachinePlan, index: number): string => {
  // Later disks have no number: the firmware would offer them too, and what boots is the first.
  const common = { drive: `disk${index}`, bootindex: index === 0 ? 2 : undefined };
  switch (plan.diskInterface) {
    case 'virtio':
      return option('virtio-blk-pci', common);
    case 'ide':
      return option('ide-hd', { ...common, ...idePlace(plan, index) });
    case 'scsi':
      return option('scsi-hd', { ...common, bus: 'scsi.0', 'scsi-id': index });
  }
};

const handed = ({ set }: HandedFile) => ({ driver: 'file', filename: `/dev/fdset/${set}` });

const fdsetsArgv = ({ disks, cdrom, floppy, seed, cdOfFiles, firmware }: MachinePlan): readonly string[] =>
  [
    ...disks.flatMap((disk) => [disk, ...disk.layers]),
    cdrom,
    floppy,
    seed,
    cdOfFiles,
    firmware?.code,
    firmware?.variables,
  ].flatMap((file) =>
    file === undefined ? [] : ['-add-fd', option('', { fd: firstHandedFd + file.set - 1, set: file.set })],
  );

/** In JSON, which alone can say that there is no backing file, whatever a header says. */
const blockdev = (node: Readonly<Record<string, unknown>>): readonly string[] => ['-blockdev', JSON.stringify(node)];

const readOnly = (name: string, file: HandedFile, more: Readonly<Record<string, unknown>> = {}): readonly string[] =>
  blockdev({ driver: file.format, 'node-name': name, 'read-only': true, file: handed(file), ...more });

/** From the lowest up: each names the one beneath it. */
const layersArgv = (disk: number, layers: readonly HandedFile[]): readonly string[] =>
  layers
    .map((layer, depth) =>
      layer.format === 'raw'
        ? readOnly(`disk${disk}-base${depth}`, layer)
        : readOnly(`disk${disk}-base${depth}`, layer, {
            backing: depth + 1 < layers.length ? `disk${disk}-base${depth + 1}` : null,
          }),
    )
    .toReversed()
    .flat();

const disksArgv = (plan: MachinePlan): readonly string[] => [
  // The controller that `-drive if=scsi` gives, and the one that systems without virtio know.
  ...(plan.diskInterface === 'scsi' && plan.disks.length > 0 ? ['-device', 'lsi53c895a,id=scsi'] : []),
  ...plan.disks.flatMap((disk, index) => [
    ...layersArgv(index, disk.layers),
    ...blockdev({
      driver: disk.format,
      'node-name': `disk${index}`,
      // The guest's flushes are not passed on: should the host crash, the build is lost anyway, and what is exported
      // was written by then and is fsynced when it is.
      cache: { 'no-flush': true },
      discard: 'unmap',
      // A workspace's file is its machine's alone. QEMU could not let a lock go when the file has come to rest beneath an
      // overlay, for so long as it holds the descriptor: nobody else could read the file then.
      file: { ...handed(disk), locking: 'off' },
      ...(disk.format === 'qcow2' ? { backing: disk.layers.length > 0 ? `disk${index}-base0` : null } : {}),
    }),
    '-device',
    diskDevice(plan, index),
  ]),
];

/** The first place for a CD drive on IDE. */
const firstCd = (plan: MachinePlan): number =>
  plan.diskInterface === 'ide' ? plan.disks.length : isQ35(plan.machineType) ? 0 : 2;

const cdromArgv = (plan: MachinePlan, cdrom: HandedFile): readonly string[] => {
  const place = idePlace(plan, firstCd(plan));
  const bootindex = plan.device === 'cdrom' ? 1 : undefined;
  return [...readOnly('cdrom', cdrom), '-device', option('ide-cd', { drive: 'cdrom', ...place, bootindex })];
};

/** A CD drive on virtio, as vmd has it: kernels for clouds know no IDE. Systems without virtio get it on IDE, behind what is there. */
const seedArgv = (plan: MachinePlan, seed: HandedFile): readonly string[] => {
  if (plan.diskInterface === 'virtio')
    return [
      ...readOnly('seed', seed),
      ...['-device', 'virtio-scsi-pci,id=seeds', '-device', 'scsi-cd,drive=seed,bus=seeds.0'],
    ];
  const before = [plan.cdrom, plan.cdOfFiles].filter((one) => one !== undefined).length;
  return [
    ...readOnly('seed', seed),
    ...['-device', option('ide-cd', { drive: 'seed', ...idePlace(plan, firstCd(plan) + before) })],
  ];
};

/** On IDE always, behind the CD to boot from: it may hold the drivers for virtio. */
const cdOfFilesArgv = (plan: MachinePlan, cd: HandedFile): readonly string[] => {
  const place = idePlace(plan, firstCd(plan) + (plan.cdrom === undefined ? 0 : 1));
  return [...readOnly('files', cd), '-device', option('ide-cd', { drive: 'files', ...place })];
};

/** A semicolon is nothing to QEMU, and cloud-init reads on behind it (cloud-init, "NoCloud", line configuration). */
const seedUrlArgv = (url: string): readonly string[] => [
  '-smbios',
  option('', { type: 1, serial: `ds=nocloud;s=${url}` }),
];

const floppyArgv = (plan: MachinePlan, floppy: HandedFile): readonly string[] => [
  ...readOnly('floppy', floppy),
  // q35 comes without a controller, the older pc with one: only a global reaches both.
  ...(plan.device === 'floppy' ? ['-global', 'isa-fdc.bootindexA=1'] : []),
  ...(isQ35(plan.machineType) ? ['-device', 'isa-fdc'] : []),
  ...['-device', 'floppy,drive=floppy'],
];

/** The two flash chips of UEFI, as QEMU's manual has them for pc and q35 ("System firmware"). */
const firmwareArgv = ({ code, variables }: NonNullable<MachinePlan['firmware']>): readonly string[] => [
  ...readOnly('uefi-code', code),
  ...blockdev({ driver: 'raw', 'node-name': 'uefi-variables', file: handed(variables) }),
];

const machineOption = ({ machineType, firmware }: MachinePlan): string =>
  firmware === undefined ? machineType : `${machineType},pflash0=uefi-code,pflash1=uefi-variables`;

const kernelArgv = ({ hasKernel, hasInitrd, hasAppend }: MachinePlan): readonly string[] => [
  ...(hasKernel ? ['-kernel', kernelFiles.kernel] : []),
  ...(hasInitrd ? ['-initrd', kernelFiles.initrd] : []),
  ...(hasAppend ? ['--preconfig'] : []),
];

const icountArgv = ({ shift, sleep, align }: Icount): readonly string[] => [
  '-icount',
  option('', { shift, sleep, align }),
];

const rtcArgv = ({ base, clock, driftfix }: Rtc): readonly string[] => [
  '-rtc',
  option('', { base: typeof base === 'number' ? new Date(base).toISOString().slice(0, 19) : base, clock, driftfix }),
];

/** Everything after the program's name. QEMU runs in the machine's own folder, and has its files by descriptors. */
export const qemuArgv = (plan: MachinePlan, host: HostChoice): readonly string[] => [
  ...['-name', plan.name, '-S', '-nodefaults', '-no-user-config', '-display', 'none'],
  ...(host.canSandbox ? ['-sandbox', sandboxOf(plan.nics)] : []),
  ...['-machine', machineOption(plan), '-accel', host.accelerator],
  ...['-cpu', plan.cpuModel ?? (host.accelerator === 'tcg' ? 'max' : 'host')],
  ...['-smp', String(plan.cpus), '-m', `${plan.memoryMb}M`],
  ...controlArgv(plan.mark),
  // Two FIFOs to the line holder, whether or not a daemon is there; with a log of a socket some bytes are twice in it.
  ...['-chardev', option('pipe', { id: 'serial', path: serialPipe }), '-serial', 'chardev:serial'],
  ...['-device', 'pvpanic'],
  // Another number in each process: by it a guest that goes on from a copy of its memory learns to make new random numbers.
  ...(plan.hasGeneration ? ['-device', 'vmgenid,guid=auto'] : []),
  ...fdsetsArgv(plan),
  ...(plan.firmware === undefined ? [] : firmwareArgv(plan.firmware)),
  ...disksArgv(plan),
  ...(plan.cdrom === undefined ? [] : cdromArgv(plan, plan.cdrom)),
  ...(plan.cdOfFiles === undefined ? [] : cdOfFilesArgv(plan, plan.cdOfFiles)),
  ...(plan.seed === undefined ? [] : seedArgv(plan, plan.seed)),
  ...(plan.seedUrl === undefined ? [] : seedUrlArgv(plan.seedUrl)),
  ...(plan.floppy === undefined ? [] : floppyArgv(plan, plan.floppy)),
  ...plan.nics.flatMap((nic, index) => nicArgv(plan, nic, index)),
  // Its keyboard is the chip set's own.
  ...(plan.display === undefined ? [] : ['-vga', 'std']),
  // As vmd gives it to its guests (viornd). Behind all others, which keep their places.
  ...(plan.hasRandom ? ['-device', 'virtio-rng-pci'] : []),
  ...kernelArgv(plan),
  ...(plan.icount === undefined ? [] : icountArgv(plan.icount)),
  ...(plan.rtc === undefined ? [] : rtcArgv(plan.rtc)),
  ...(plan.onReboot === 'end' ? ['-no-reboot'] : []),
  ...(plan.isIncoming ? ['-incoming', 'defer'] : []),
];
