/** All that stands on the command line of a QEMU, with no word of a client's in it. */

import { Fault } from '../../base/fault.ts';
import type { Boot, Icount, MachineModel, Nic, Rtc } from '../../base/hardware.ts';
import type { Inventory } from './probe/inventory.ts';
import type { MachineSpec } from '../types.ts';
import type { Handed } from './process/hand-over.ts';
import { markOf } from './names.ts';
import { networkNumberOf, staticAddressesOf } from './network.ts';

export type MachinePlan = Handed & {
  readonly name: string;
  readonly hostname: string;
  /** The number in its addresses. */
  readonly network: number;
  /** It waits for the memory of a machine that was kept. */
  readonly isIncoming: boolean;
  /** The machine type has the device by which a guest learns that it goes on from a copy of its memory. */
  readonly hasGeneration: boolean;
  /** Whether it has a device for random numbers. */
  readonly hasRandom: boolean;
  /** By which a machine that was left behind is found. */
  readonly mark: string;
  readonly memoryMb: number;
  readonly cpus: number;
  readonly nics: readonly Nic[];
  readonly sshPort: number;
  readonly device: Boot['device'];
  readonly hasKernel: boolean;
  readonly hasInitrd: boolean;
  /** The kernel's command line follows over QMP, before the machine is made. */
  readonly hasAppend: boolean;
  /** Where cloud-init finds its files, as the serial number says it. */
  readonly seedUrl?: string;
  readonly machineType: string;
  /** Undefined: the one that goes with the accelerator. */
  readonly cpuModel?: string;
  readonly diskInterface: NonNullable<MachineModel['disk_interface']>;
  readonly netDevice: string;
  readonly display?: 'vga';
  readonly icount?: Icount;
  readonly rtc?: Rtc;
  readonly onReboot: MachineSpec['onReboot'];
};

/** QEMU's own word for what a template asks by this name; never the template's. Throws `template_invalid`. */
const own = (pointer: string, asked: string | undefined, known: readonly string[]): string | undefined => {
  if (asked === undefined) return undefined;
  const found = known.find((name) => name === asked);
  if (found !== undefined) return found;
  const message = `QEMU on this host has no ${JSON.stringify(asked)}`;
  throw new Fault('template_invalid', `${pointer}: ${message}.`, { errors: [{ pointer, message }] });
};

const namedCard = (model: string | undefined, index: number, { netDevices }: Inventory): Pick<Nic, 'model'> => {
  const name = own(`/machine/nics/${index}/model`, model, netDevices);
  return name === undefined ? {} : { model: name };
};

/** Throws `template_invalid` for a name that this QEMU does not list. */
export const planOf = (spec: MachineSpec, handed: Handed, inventory: Inventory): MachinePlan => {
  const { model, boot } = spec;
  const cpuModel = own('/machine/model/cpu_model', model.cpu_model, inventory.cpuModels);
  const machineType = own('/machine/model/machine_type', model.machine_type, inventory.machineTypes) ?? 'q35';
  return {
    ...handed,
    name: spec.name,
    hostname: spec.hostname ?? spec.name,
    network: networkNumberOf(spec),
    isIncoming: spec.from !== undefined,
    mark: markOf(spec.folder),
    memoryMb: spec.memoryMb,
    cpus: spec.cpus,
    nics: spec.nics.map(({ model, ...nic }, index) => ({ ...nic, ...namedCard(model, index, inventory) })),
    sshPort: spec.sshPort ?? 22,
    device: boot.device,
    hasKernel: boot.kernel !== undefined,
    hasInitrd: boot.kernel !== undefined && boot.initrd !== undefined,
    hasAppend: boot.kernel !== undefined && boot.append !== undefined,
    ...(spec.seed?.by === 'smbios'
      ? { seedUrl: `${staticAddressesOf(networkNumberOf(spec)).http.url}/${spec.seed.path}` }
      : {}),
    machineType,
    // Up to 2.4 the firmware cannot be given its place (hw/acpi/vmgenid.c: "requires DMA write support in fw_cfg").
    hasRandom: inventory.hasRandom,
    hasGeneration: !/-(1\.\d+|2\.[0-4])$/.test(machineType),
    ...(cpuModel === undefined ? {} : { cpuModel }),
    diskInterface: model.disk_interface ?? 'virtio',
    netDevice: own('/machine/model/net_device', model.net_device, inventory.netDevices) ?? 'virtio-net-pci',
    ...(spec.display === undefined ? {} : { display: spec.display }),
    ...(model.icount === undefined ? {} : { icount: model.icount }),
    ...(model.rtc === undefined ? {} : { rtc: model.rtc }),
    onReboot: spec.onReboot,
  };
};
