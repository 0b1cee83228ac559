/** Judges what a template asks of vmd before anything runs: everything that vmctl or vmd would refuse by themselves. */

import type { FieldError } from '../../base/fault.ts';
import { didYouMean, quoted } from '../../base/text/nearest.ts';
import type { MachineShape } from '../../base/hardware.ts';
import { refuseBoot } from '../refuse-boot.ts';
import type { VmdTraits } from '../../base/openbsd/releases.ts';
import { asksForOutgoing, mostNics } from '../nics.ts';
import type { AskMostCpus } from './cpus.ts';
import { whyNoBase } from './disks.ts';

/** VMM_MAX_DISKS_PER_VM */
export const mostDisks = 4;

type Judge = (shape: MachineShape, traits: VmdTraits) => readonly FieldError[];

const judgeMemory: Judge = ({ memoryMb }, { mostMemoryMb, perUser }) => {
  const most = perUser?.isCertain === true ? Math.min(mostMemoryMb, perUser.memoryMb) : mostMemoryMb;
  return memoryMb <= most
    ? []
    : [{ pointer: '/machine/memory', message: `is ${memoryMb} MB, and vmd of this release gives ${most} MB at most` }];
};

const judgeParts: Judge = ({ disks, nics, hasFloppy, hasFloppyOfFiles, display }) => [
  ...(disks.length > mostDisks
    ? [{ pointer: '/machine/disks', message: `has ${disks.length}, and vmd gives a machine ${mostDisks}` }]
    : []),
  ...(nics.length > mostNics
    ? [{ pointer: '/machine/nics', message: `has ${nics.length}, and vmd gives a machine ${mostNics}` }]
    : []),
  ...(hasFloppy ? [{ pointer: '/machine/floppy', message: 'vmd has no floppy drives: use a cdrom' }] : []),
  ...(hasFloppyOfFiles === true
    ? [{ pointer: '/machine/floppy_of_files', message: 'vmd has no floppy drives: use "cd_of_files"' }]
    : []),
  ...(display === undefined
    ? []
    : [
        { pointer: '/machine/display', message: 'vmd has neither display nor keyboard: its guests have a serial line' },
      ]),
];

/** One drive for CDs (VMM_MAX_CDROM of vmd), no way to set a serial number, and addresses that come with the machine. */
const judgeSeed: Judge = ({ seed, hasCdrom }) => {
  const pointer = '/machine/cloud_init';
  if (seed === undefined) return [];
  if (seed.by === 'smbios')
    return [{ pointer: `${pointer}/by`, message: 'is "smbios", which vmd cannot set: use "cdrom"' }];
  if (hasCdrom)
    return [{ pointer, message: 'takes the one CD drive that vmd gives a machine, and there is a "cdrom"' }];
  return seed.needs === 'nothing'
    ? []
    : [{ pointer, message: 'holds an address of the machine, which vmd makes known only when it runs' }];
};

const judgeCdOfFiles: Judge = ({ hasCdOfFiles, hasCdrom, seed }) => {
  const other = hasCdrom ? '"cdrom"' : seed?.by === 'cdrom' ? '"cloud_init"' : undefined;
  return hasCdOfFiles === true && other !== undefined
    ? [
        {
          pointer: '/machine/cd_of_files',
          message: `takes the one CD drive that vmd gives a machine, and there is ${other}: serve the files under "http"`,
        },
      ]
    : [];
};

const judgePaths: Judge = ({ boot, disks, cdrom }, { longestPath }) =>
  [
    { pointer: '/machine/boot/kernel', path: boot.kernel },
    { pointer: '/machine/cdrom', path: cdrom },
    ...disks.map(({ base }, index) => ({ pointer: `/machine/disks/${index}/base`, path: base?.path })),
  ].flatMap(({ pointer, path = '' }) =>
    Buffer.byteLength(path) <= longestPath
      ? []
      : [{ pointer, message: `is on this host a path of more than ${longestPath} bytes, which vmd does not take` }],
  );

/** vmctl(8) has no option for an address or an MTU, and vmd one kind of card. */
const judgeCards: Judge = ({ nics }) =>
  nics.flatMap(({ mac, mtu, model }, index) => [
    ...(mac === undefined
      ? []
      : [{ pointer: `/machine/nics/${index}/mac`, message: 'vmd makes the MAC addresses itself: leave it out' }]),
    ...(mtu === undefined
      ? []
      : [{ pointer: `/machine/nics/${index}/mtu`, message: 'vmd tells guests no MTU: set it in the guest' }]),
    ...(model === undefined
      ? []
      : [{ pointer: `/machine/nics/${index}/model`, message: 'vmd has virtio cards alone: leave it out' }]),
  ]);

const judgeFirmware: Judge = ({ firmware }) =>
  firmware === undefined
    ? []
    : [{ pointer: '/machine/firmware', message: 'is "uefi", and machines of vmd have a BIOS' }];

const judgeSwitches = ({ nics }: MachineShape, switches: readonly string[]): readonly FieldError[] =>
  nics.flatMap(({ switch: name }, index) =>
    name === undefined || switches.includes(name)
      ? []
      : [
          {
            pointer: `/machine/nics/${index}/switch`,
            message: `this host lets machines onto no switch ${quoted(name)}: ${didYouMean(name, switches)}`,
          },
        ],
  );

const judgeNics = ({ nics }: MachineShape, noOutgoing: string | undefined): readonly FieldError[] => {
  if (!asksForOutgoing(nics)) return [];
  const at = nics.findIndex(({ network }) => network === 'outgoing');
  const pointer = `/machine/nics/${at}/network`;
  if (noOutgoing !== undefined) return [{ pointer, message: `"outgoing" is not to be had: ${noOutgoing}` }];
  return nics.length === 1
    ? []
    : [{ pointer, message: '"outgoing" must be the only interface of a machine under vmd' }];
};

const judgeBases = async ({ disks }: MachineShape, signal: AbortSignal): Promise<readonly FieldError[]> => {
  const wrong: FieldError[] = [];
  for (const [index, { base, sizeMb }] of disks.entries()) {
    if (base === undefined) continue;
    const why = await whyNoBase(base, signal);
    if (why !== undefined) wrong.push({ pointer: `/machine/disks/${index}/base`, message: why });
    if (sizeMb !== undefined && sizeMb < base.virtualMb)
      wrong.push({
        pointer: `/machine/disks/${index}/size`,
        message: `is ${sizeMb} MB, and the base has ${base.virtualMb} MB: a disk can be larger than its base, not smaller`,
      });
  }
  return wrong;
};

const judgeCpus = async (
  { cpus }: MachineShape,
  askMostCpus: AskMostCpus,
  signal: AbortSignal,
): Promise<readonly FieldError[]> => {
  if (cpus === 1) return [];
  const most = await askMostCpus(signal);
  if (cpus <= most) return [];
  const gives = most === 1 ? 'one processor: its vmctl has no "start -p"' : `${most} at most`;
  return [{ pointer: '/machine/cpus', message: `is ${cpus}, and vmd of this host gives a machine ${gives}` }];
};

/** See `Hypervisor.refuse`. `noOutgoing`: why a machine cannot have the network outside. */
export const refuseForVmd = async (
  shape: MachineShape,
  traits: VmdTraits,
  host: {
    readonly noOutgoing: string | undefined;
    readonly askMostCpus: AskMostCpus;
    readonly switches?: readonly string[];
  },
  signal: AbortSignal,
): Promise<readonly FieldError[]> => [
  ...[judgeMemory, judgeParts, judgeSeed, judgeCdOfFiles, judgePaths, judgeCards, judgeFirmware].flatMap((judge) =>
    judge(shape, traits),
  ),
  ...refuseBoot(shape, 'vmd'),
  ...judgeNics(shape, host.noOutgoing),
  ...judgeSwitches(shape, host.switches ?? []),
  ...(await judgeCpus(shape, host.askMostCpus, signal)),
  ...(await judgeBases(shape, signal)),
];
