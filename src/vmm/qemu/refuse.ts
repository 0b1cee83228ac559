/** Judges what a template asks of QEMU before anything runs. Its words never carry an option of QEMU's own. */

import { closest } from 'fastest-levenshtein';
import type { FieldError } from '../../base/fault.ts';
import type { MachineModel, MachineShape } from '../../base/hardware.ts';
import { whyNoModelName } from '../../base/machine/model-words.ts';
import { mostNics } from '../nics.ts';
import { refuseBoot } from '../refuse-boot.ts';
import type { Accelerator } from './argv.ts';
import type { Inventory } from './inventory.ts';
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

const judgeName = (key: keyof MachineModel, asked: string | undefined, known: readonly string[] = []): FieldError[] => {
  if (asked === undefined) return [];
  const pointer = `/machine/model/${key}`;
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

/** How many drives the bus of the disks takes; the CD and that of cloud-init share the bus of IDE disks. */
const roomForDisks = ({ model, hasCdrom, seed }: MachineShape): number => {
  const idePorts = /^(pc-)?q35/.test(model.machine_type ?? 'q35') ? 6 : 4;
  return { virtio: mostDisks, scsi: 7, ide: idePorts - (hasCdrom ? 1 : 0) - (seed?.by === 'cdrom' ? 1 : 0) }[
    model.disk_interface ?? 'virtio'
  ];
};

const judgeNics = ({ nics }: MachineShape, noOutgoing: string | undefined): FieldError[] => {
  if (nics.length > mostNics)
    return [{ pointer: '/machine/nics', message: `has ${nics.length}, and a machine takes ${mostNics}` }];
  return nics.flatMap(({ network }, index) =>
    network === 'outgoing' && noOutgoing !== undefined
      ? [{ pointer: `/machine/nics/${index}/network`, message: `"outgoing" is not to be had: ${noOutgoing}` }]
      : [],
  );
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
    ...judgeName('machine_type', model.machine_type, inventory?.machineTypes),
    ...judgeName('cpu_model', model.cpu_model, inventory?.cpuModels),
    ...judgeName('net_device', model.net_device, inventory?.netDevices),
    ...judgeAccelerator(model, abilities.accelerators),
    ...(shape.disks.length > room
      ? [{ pointer: '/machine/disks', message: `has ${shape.disks.length}, and there is room for ${room}` }]
      : []),
    ...judgeNics(shape, abilities.noOutgoing),
    ...refuseBoot(shape, 'qemu'),
  ];
};
