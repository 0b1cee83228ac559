/** Judges what a template asks of QEMU before anything runs. Its words never carry an option of QEMU's own. */

import { closest } from 'fastest-levenshtein';
import type { FieldError } from '../../base/fault.ts';
import type { MachineModel, MachineShape } from '../../base/hardware.ts';
import { whyNoModelName } from '../../base/machine/model-words.ts';
import { mostNics } from '../nics.ts';
import { refuseBoot } from '../refuse-boot.ts';
import { isQ35, type Accelerator } from './argv.ts';
import { whyNoFirmware } from './firmware.ts';
import type { Inventory } from './probe/inventory.ts';
import { whyNoLayers } from './layers.ts';

export type Abilities = {
  /** Undefined until QEMU has been asked: then only the form of names is judged. */
  readonly inventory: Inventory | undefined;
  /** The accelerators under which a guest runs; undefined until that is known. */
  readonly accelerators: readonly Accelerator[] | undefined;
  /** Why a machine cannot have outgoing network; undefined when it can, or when that is not known yet. */
  readonly noOutgoing: string | undefined;
};

export const mostDisks = 8;

const judgeName = (pointer: string, asked: string | undefined, known: readonly string[] = []): FieldError[] => {
  if (asked === undefined) return [];
  const why = whyNoModelName(asked);
  if (why !== undefined) return [{ pointer, message: why }];
  if (known.length === 0 || known.includes(asked)) return [];
  return [
    { pointer, message: `QEMU on this host has no "${asked}". The nearest it has is "${closest(asked, known)}"` },
  ];
};

const judgeAccelerator = ({ accelerator, icount }: MachineModel, works: Abilities['accelerators']): FieldError[] => {
  const pointer = '/machine/model/accelerator';
  if (icount !== undefined && (accelerator === 'kvm' || accelerator === 'hvf'))
    return [{ pointer, message: `icount counts instructions, which only "tcg" can do` }];
  if (accelerator === undefined || accelerator === 'none' || works === undefined || works.includes(accelerator))
    return [];
  return [
    { pointer, message: `no guest runs under ${accelerator} on this host; it has ${works.join(', ') || 'none'}` },
  ];
};

const hasQ35 = ({ model }: MachineShape): boolean => isQ35(model.machine_type ?? 'q35');

/** CD drives on IDE. That of cloud-init is there where the disks are not on virtio. */
const cdDrives = ({ model, hasCdrom, hasCdOfFiles, seed }: MachineShape): number =>
  [hasCdrom, hasCdOfFiles === true, seed?.by === 'cdrom' && model.disk_interface !== 'virtio'].filter(Boolean).length;

/** How many drives the bus of the disks takes; CDs share the bus of IDE disks. */
const roomForDisks = (shape: MachineShape): number =>
  ({ virtio: mostDisks, scsi: 7, ide: (hasQ35(shape) ? 6 : 4) - cdDrives(shape) })[
    shape.model.disk_interface ?? 'virtio'
  ];

/** The older pc has two places beside its first channel. */
const judgeCds = (shape: MachineShape): FieldError[] =>
  shape.model.disk_interface === 'scsi' && !hasQ35(shape) && cdDrives(shape) > 2
    ? [{ pointer: '/machine/cd_of_files', message: 'is the third CD, and this machine type has room for two' }]
    : [];

const judgeNics = ({ nics }: MachineShape, noOutgoing: string | undefined): FieldError[] => {
  if (nics.length > mostNics)
    return [{ pointer: '/machine/nics', message: `has ${nics.length}, and a machine takes ${mostNics}` }];
  return nics.flatMap(({ network }, index) => {
    const pointer = `/machine/nics/${index}/network`;
    if (network === 'switch')
      return [{ pointer, message: 'is "switch", which vmd alone has: use "local", a network that no other machine shares' }]; // prettier-ignore
    return network === 'outgoing' && noOutgoing !== undefined
      ? [{ pointer, message: `"outgoing" is not to be had: ${noOutgoing}` }]
      : [];
  });
};

const judgeCards = ({ nics, model }: MachineShape, inventory: Inventory | undefined): FieldError[] =>
  nics.flatMap((nic, index) => {
    const at = `/machine/nics/${index}`;
    const card = nic.model ?? model.net_device ?? 'virtio-net-pci';
    const noMtu = nic.mtu !== undefined && !card.startsWith('virtio-net');
    return [
      ...judgeName(`${at}/model`, nic.model, inventory?.netDevices),
      ...(noMtu ? [{ pointer: `${at}/mtu`, message: `is told to virtio cards alone, and this is "${card}"` }] : []),
    ];
  });

const judgeFirmware = ({ firmware }: MachineShape): FieldError[] => {
  const why = firmware === undefined ? undefined : whyNoFirmware();
  return why === undefined ? [] : [{ pointer: '/machine/firmware', message: why }];
};

const judgeBases = async ({ disks }: MachineShape): Promise<FieldError[]> => {
  const wrong: FieldError[] = [];
  for (const [index, { base }] of disks.entries()) {
    const why = base === undefined ? undefined : await whyNoLayers(base);
    if (why !== undefined) wrong.push({ pointer: `/machine/disks/${index}/base`, message: why });
  }
  return wrong;
};

/** See `Hypervisor.refuse`. */
export const refuseForQemu = async (shape: MachineShape, abilities: Abilities): Promise<readonly FieldError[]> => [
  ...refuseShape(shape, abilities),
  ...(await judgeBases(shape)),
];

/** What can be judged without a look at any file. */
export const refuseShape = (shape: MachineShape, abilities: Abilities): readonly FieldError[] => {
  const { inventory } = abilities;
  const { model } = shape;
  const room = roomForDisks(shape);
  return [
    ...judgeName('/machine/model/machine_type', model.machine_type, inventory?.machineTypes),
    ...judgeName('/machine/model/cpu_model', model.cpu_model, inventory?.cpuModels),
    ...judgeName('/machine/model/net_device', model.net_device, inventory?.netDevices),
    ...judgeAccelerator(model, abilities.accelerators),
    ...(shape.disks.length > room
      ? [{ pointer: '/machine/disks', message: `has ${shape.disks.length}, and there is room for ${room}` }]
      : []),
    ...judgeCds(shape),
    ...judgeFirmware(shape),
    ...judgeCards(shape, inventory),
    ...judgeNics(shape, abilities.noOutgoing),
    ...refuseBoot(shape, 'qemu'),
  ];
};
