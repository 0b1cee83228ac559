import type { FieldError } from '../../base/fault.ts';
import type { FieldErrors } from '../../base/field-errors.ts';
import type { Fields } from './fields.ts';
import { whyNoMedium } from '../../context/foreign-image.ts';
import { imageFacts } from '../../context/image-header.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import type { MachineModel, Nic } from '../../base/hardware.ts';
import { macOf } from '../../base/machine/mac.ts';
import { icountOf, modelNameOf, rtcOf } from '../../base/machine/model-words.ts';
import type { Template } from '../document/template.ts';
import type { DiskPlan, ImageRef, Spec } from '../spec.ts';
import { sizeMbOf } from '../../base/units.ts';

type Machine = Pick<Spec, 'memoryMb' | 'cpus' | 'disks' | 'nics' | 'cdrom' | 'floppy' | 'boot' | 'firmware' | 'model' | 'display'>; // prettier-ignore
type DiskAsked = Template['machine']['disks'][number];

/** The file with what it says of itself. Throws a ParseError where no disk can be made of it. */
export const baseOf = async (file: ImageRef): Promise<NonNullable<DiskPlan['base']>> => {
  const isOfHost = file.isOfHost === true;
  return { ...file, ...(await imageFacts(file.path, isOfHost)), layers: isOfHost ? 'chain' : 'one' };
};

const diskOf = async (disk: DiskAsked, pointer: string, fields: Fields, wrong: FieldErrors): Promise<DiskPlan> => {
  const { size, base } = disk;
  const sizeMb = size === undefined ? {} : { sizeMb: fields.made(`${pointer}/size`, size, 1, sizeMbOf) };
  if (base === undefined) return { format: disk.format, ...sizeMb };
  const file = await fields.image(`${pointer}/base`, base);
  if (file.path === '/') return { format: disk.format, ...sizeMb };
  if (file.path === '') {
    // A disk counts with its size before anything is fetched.
    if (file.wanted !== undefined && size === undefined)
      wrong.add(`${pointer}/size`, 'is missing: this host does not have the base yet, so it cannot tell its size');
    return { format: disk.format, ...sizeMb, laterBase: file };
  }
  try {
    return {
      format: disk.format,
      ...sizeMb,
      base: await baseOf(file),
    };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    wrong.add(`${pointer}/base`, error.message);
    return { format: disk.format, ...sizeMb };
  }
};

const deviceOf = ({ machine, install }: Template): Spec['boot']['device'] => {
  if (machine.boot.device !== undefined) return machine.boot.device;
  const isOnDisk = install === undefined && machine.disks.some(({ base }) => base !== undefined);
  if (isOnDisk || machine.boot.kernel !== undefined) return 'disk';
  return machine.cdrom !== undefined ? 'cdrom' : machine.floppy !== undefined ? 'floppy' : 'disk';
};

const bootOf = async (template: Template, fields: Fields): Promise<Spec['boot']> => {
  const { kernel, initrd, append } = template.machine.boot;
  const commandLine = append === undefined ? undefined : fields.text('/machine/boot/append', append, oneLine);
  return {
    device: deviceOf(template),
    ...(kernel === undefined ? {} : { kernel: await fields.image('/machine/boot/kernel', kernel) }),
    ...(initrd === undefined ? {} : { initrd: await fields.image('/machine/boot/initrd', initrd) }),
    ...(commandLine === undefined ? {} : { append: commandLine }),
  };
};

const oneLine = (text: string): void => {
  if (/[\r\n]/.test(text)) throw new ParseError('holds a line break');
};

const modelPointer = '/machine/model';

/** Where the template has its model: in `machine`, or at its old place. */
const modelAt = ({ qemu }: Template): string => (qemu === undefined ? modelPointer : '/qemu');

/** Field errors of a hypervisor, which knows the model by its own place, with the one that the template has it at. */
export const asWritten = (template: Template, errors: readonly FieldError[]): readonly FieldError[] =>
  errors.map(({ pointer, message }) => ({
    pointer: pointer.startsWith(`${modelPointer}/`) ? modelAt(template) + pointer.slice(modelPointer.length) : pointer,
    message,
  }));

const modelOf = (template: Template, fields: Fields): MachineModel => {
  const at = modelAt(template);
  const model = template.machine.model ?? template.qemu ?? {};
  /** The key with what `make` makes of its text, or nothing where the template has no such key. */
  const word = <K extends 'machine_type' | 'cpu_model' | 'net_device' | 'icount' | 'rtc', T>(
    key: K,
    fallback: T,
    make: (text: string) => T,
  ): Partial<Record<K, T>> => {
    const raw = model[key];
    if (raw === undefined) return {};
    const value = fields.made(`${at}/${key}`, raw, fallback, (text) => make(String(text)));
    return { [key]: value } as Record<K, T>; // a computed key widens to string
  };
  const { accelerator, disk_interface } = model;
  return {
    ...word('machine_type', '', modelNameOf),
    ...(accelerator === undefined ? {} : { accelerator }),
    ...word('cpu_model', '', modelNameOf),
    ...(disk_interface === undefined ? {} : { disk_interface }),
    ...word('net_device', '', modelNameOf),
    ...word('icount', { shift: 0 }, icountOf),
    ...word('rtc', {}, rtcOf),
  };
};

type NicAsked = Template['machine']['nics'][number];

const nicOf = ({ network, mtu, ...asked }: NicAsked, at: string, fields: Fields): Nic => {
  const name = asked.switch === undefined ? undefined : fields.early(`${at}/switch`, asked.switch);
  const mac = asked.mac === undefined ? undefined : fields.made(`${at}/mac`, asked.mac, undefined, (text) => macOf(String(text))); // prettier-ignore
  const model = asked.model === undefined ? undefined : fields.made(`${at}/model`, asked.model, undefined, (text) => modelNameOf(String(text))); // prettier-ignore
  return {
    network,
    ...(name === undefined ? {} : { switch: name }),
    ...(mac === undefined ? {} : { mac }),
    ...(mtu === undefined ? {} : { mtu }),
    ...(model === undefined ? {} : { model }),
  };
};

const nicsOf = (asked: readonly NicAsked[], fields: Fields, wrong: FieldErrors): readonly Nic[] => {
  const nics = asked.map((nic, index) => nicOf(nic, `/machine/nics/${index}`, fields));
  for (const [index, { mac }] of nics.entries())
    if (mac !== undefined && nics.findIndex((other) => other.mac === mac) < index)
      wrong.add(`/machine/nics/${index}/mac`, `is ${mac} a second time: each interface needs one of its own`);
  if (nics[0]?.network === 'switch')
    wrong.add('/machine/nics/0/network', 'is "switch", and the first interface leads to the endpoint: put a local one before it'); // prettier-ignore
  return nics;
};

/** What a drive of the machine holds, looked into where it is there already. */
const mediumOf = async (key: 'cdrom' | 'floppy', template: Template, fields: Fields, wrong: FieldErrors) => {
  const asked = template.machine[key];
  if (asked === undefined) return {};
  const file = await fields.image(`/machine/${key}`, asked);
  const why = file.path === '' || file.path === '/' ? undefined : await whyNoMedium(file.path);
  if (why !== undefined) wrong.add(`/machine/${key}`, why);
  return { [key]: file };
};

/** What the machine is made of: sizes in MB, files proven to be there, images looked into. */
export const resolveMachine = async (template: Template, fields: Fields, wrong: FieldErrors): Promise<Machine> => {
  const { memory, cpus, disks, nics, firmware, display } = template.machine;
  return {
    memoryMb: fields.made('/machine/memory', memory, 1, sizeMbOf),
    cpus,
    disks: await Promise.all(disks.map((disk, index) => diskOf(disk, `/machine/disks/${index}`, fields, wrong))),
    nics: nicsOf(nics, fields, wrong),
    ...(await mediumOf('cdrom', template, fields, wrong)),
    ...(await mediumOf('floppy', template, fields, wrong)),
    boot: await bootOf(template, fields),
    model: modelOf(template, fields),
    ...(firmware === 'bios' ? {} : { firmware }),
    ...(display === 'none' ? {} : { display }),
  };
};
