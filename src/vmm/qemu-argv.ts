/** The command line of one machine, as a value: no I/O, the same specification gives the same words. */

import type { MachineSpec } from './types.ts';
import { nicArgv } from './qemu-network.ts';
import { machineFiles } from './qemu-files.ts';
import { option } from './qemu-option.ts';

export type Accelerator = 'kvm' | 'hvf' | 'tcg';

/** What this host decides, not the template. */
export type HostChoice = {
  readonly accelerator: Accelerator;
  readonly netcat: string;
  /** QEMU was built with seccomp. */
  readonly canSandbox: boolean;
};

/**
 * System calls that QEMU can do without. Each connection of the guest to its endpoint is one netcat, so new processes
 * stay allowed, and `elevateprivileges` is not denied: it has setsid(2), which slirp calls for each of them.
 */
export const sandbox = 'on,obsolete=deny,resourcecontrol=deny';

const socketArgv = (id: string, path: string): readonly string[] => [
  '-chardev',
  option('socket', { id, path, server: 'on', wait: 'off' }),
];

const isQ35 = (spec: MachineSpec): boolean => /^(pc-)?q35/.test(spec.qemu.machine_type ?? 'q35');

/** q35 has six ports of one drive each, the older pc two channels of two. */
const idePlace = (spec: MachineSpec, index: number) =>
  isQ35(spec) ? { bus: `ide.${index}` } : { bus: `ide.${index >> 1}`, unit: index & 1 };

const diskDevice = (spec: MachineSpec, index: number): string => {
  // Later disks have no number: the firmware would offer them too, and what boots is the first.
  const common = { drive: `disk${index}`, bootindex: index === 0 ? 2 : undefined };
  switch (spec.qemu.disk_interface ?? 'virtio') {
    case 'virtio':
      return option('virtio-blk-pci', common);
    case 'ide':
      return option('ide-hd', { ...common, ...idePlace(spec, index) });
    case 'scsi':
      return option('scsi-hd', { ...common, bus: 'scsi.0', 'scsi-id': index });
  }
};

const disksArgv = (spec: MachineSpec): readonly string[] => [
  // The controller that `-drive if=scsi` gives, and the one that systems without virtio know.
  ...(spec.qemu.disk_interface === 'scsi' && spec.disks.length > 0 ? ['-device', 'lsi53c895a,id=scsi'] : []),
  ...spec.disks.flatMap(({ path, format }, index) => [
    '-blockdev',
    option('', {
      driver: format,
      'node-name': `disk${index}`,
      // The guest's flushes are not passed on: should the host crash, the build is lost anyway, and what is exported
      // was written by then and is fsynced when it is.
      'cache.no-flush': 'on',
      discard: 'unmap',
      'file.driver': 'file',
      'file.filename': path,
    }),
    '-device',
    diskDevice(spec, index),
  ]),
];

const readOnlyMedium = (name: string, path: string): readonly string[] => [
  '-blockdev',
  option('', {
    driver: 'raw',
    'node-name': name,
    'read-only': 'on',
    'file.driver': 'file',
    'file.filename': path,
  }),
];

const cdromArgv = (spec: MachineSpec, path: string): readonly string[] => {
  const place = idePlace(spec, spec.qemu.disk_interface === 'ide' ? spec.disks.length : isQ35(spec) ? 0 : 2);
  const bootindex = spec.boot.device === 'cdrom' ? 1 : undefined;
  return [...readOnlyMedium('cdrom', path), '-device', option('ide-cd', { drive: 'cdrom', ...place, bootindex })];
};

const floppyArgv = (spec: MachineSpec, path: string): readonly string[] => [
  ...readOnlyMedium('floppy', path),
  // q35 comes without a controller, the older pc with one: only a global reaches both.
  ...(spec.boot.device === 'floppy' ? ['-global', 'isa-fdc.bootindexA=1'] : []),
  ...(isQ35(spec) ? ['-device', 'isa-fdc'] : []),
  ...['-device', 'floppy,drive=floppy'],
];

const kernelArgv = ({ boot: { kernel, initrd, append } }: MachineSpec): readonly string[] =>
  kernel === undefined
    ? []
    : [
        ...['-kernel', kernel],
        ...(initrd === undefined ? [] : ['-initrd', initrd]),
        ...(append === undefined ? [] : ['-append', append]),
      ];

/** Everything after the program's name. What came from a template has passed `refuseShape`. */
export const qemuArgv = (spec: MachineSpec, host: HostChoice): readonly string[] => {
  const files = machineFiles(spec.folder);
  const { qemu } = spec;
  return [
    ...['-name', spec.name, '-S', '-nodefaults', '-no-user-config', '-display', 'none', '-pidfile', files.pid],
    ...(host.canSandbox ? ['-sandbox', sandbox] : []),
    ...['-machine', qemu.machine_type ?? 'q35', '-accel', host.accelerator],
    ...['-cpu', qemu.cpu_model ?? (host.accelerator === 'tcg' ? 'max' : 'host')],
    ...['-smp', String(qemu.cpus ?? 1), '-m', `${spec.memoryMb}M`],
    ...socketArgv('qmp', files.qmp),
    ...['-mon', 'chardev=qmp,mode=control'],
    ...socketArgv('serial', files.serial),
    ...['-serial', 'chardev:serial', '-device', 'pvpanic'],
    ...disksArgv(spec),
    ...(spec.cdrom === undefined ? [] : cdromArgv(spec, spec.cdrom)),
    ...(spec.floppy === undefined ? [] : floppyArgv(spec, spec.floppy)),
    ...spec.nics.flatMap((nic, index) => nicArgv(spec, nic, index, host.netcat)),
    ...kernelArgv(spec),
    ...(qemu.icount === undefined ? [] : ['-icount', qemu.icount]),
    ...(qemu.rtc === undefined ? [] : ['-rtc', qemu.rtc]),
    ...(spec.onReboot === 'end' ? ['-no-reboot'] : []),
  ];
};
