/** The command lines of vmctl(8), as values: options before the one operand, as its getopt wants them since 6.6. */

import type { DiskFile, MachineSpec } from '../types.ts';
import { asksForOutgoing } from '../nics.ts';

/** The names in vm.conf(5) of the VMs whose instances our machines are, and of the switches that they may be on. */
export type Templates = { readonly local: string; readonly outgoing: string; readonly switches: readonly string[] };

/** With its format in front, which vmctl would otherwise guess from the content or the name (vmctl(8), create). */
const diskArgument = ({ path, format }: DiskFile): string => `${format}:${path}`;

/**
 * An instance passes no interface of its own where it is to inherit that of its template, group and all
 * (vm.conf(5), allow instance).
 */
const nicArgv = ({ nics }: MachineSpec, { switches }: Templates): readonly string[] =>
  asksForOutgoing(nics)
    ? []
    : nics.flatMap((nic) => {
        const own = nic.network === 'switch' ? switches.find((name) => name === nic.switch) : undefined;
        return own === undefined ? ['-L'] : ['-n', own];
      });

/**
 * Whether vmd ends the machine when its guest resets itself, and does not start it again: that is so with a boot device
 * (vmd(8), since 6.5). It is given where the reset is to be the end, and for the network, where vmd's DHCP takes its
 * answers from it.
 */
export const endsAtReset = ({ boot, onReboot }: MachineSpec): boolean => onReboot === 'end' || boot.device === 'net';

const deviceArgv = (spec: MachineSpec): readonly string[] => (endsAtReset(spec) ? ['-B', spec.boot.device] : []);

/** Of a machine whose files have names of imaged's own (`linkMedia`). Starts it and becomes cu(1) on its console: one that attaches later has missed what was said until then. */
export const startArgv = (spec: MachineSpec, templates: Templates): readonly string[] => [
  ...['start', '-c', '-t', asksForOutgoing(spec.nics) ? templates.outgoing : templates.local],
  ...['-m', `${spec.memoryMb}M`],
  // Only where it is not the default: older releases do not know it, and a template in vm.conf has to allow it.
  ...(spec.cpus > 1 ? ['-p', String(spec.cpus)] : []),
  ...nicArgv(spec, templates),
  ...spec.disks.flatMap((disk) => ['-d', diskArgument(disk)]),
  ...(spec.cdrom === undefined ? [] : ['-r', spec.cdrom]),
  ...(spec.boot.kernel === undefined ? [] : ['-b', spec.boot.kernel]),
  ...deviceArgv(spec),
  spec.name,
];

export const consoleArgv = (name: string): readonly string[] => ['console', name];

/** Through vmmci(4), or at once. Without `-w`, which would end at a mere reboot of the guest. */
export const stopArgv = (name: string, how: 'ask' | 'cut'): readonly string[] => [
  'stop',
  ...(how === 'cut' ? ['-f'] : []),
  name,
];

/** Without its operand: vmctl prints the options that it knows, and asks vmd nothing. */
export const startUsageArgv: readonly string[] = ['start'];

const sizeArgv = (sizeMb: number | undefined): readonly string[] => (sizeMb === undefined ? [] : ['-s', `${sizeMb}M`]);

/** An empty disk, or one whose reads fall through to its base, and which is as large as that. */
export const createArgv = (
  disk: DiskFile & { readonly sizeMb?: number; readonly base?: DiskFile },
): readonly string[] => [
  'create',
  ...(disk.base === undefined ? sizeArgv(disk.sizeMb) : ['-b', disk.base.path]),
  diskArgument(disk),
];

/** A copy in another format, flat and sparse; larger than its source where a size is given. */
export const copyArgv = (from: DiskFile, to: DiskFile, sizeMb?: number): readonly string[] => [
  ...['create', '-i', diskArgument(from)],
  ...sizeArgv(sizeMb),
  diskArgument(to),
];
