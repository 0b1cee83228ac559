import { posix } from 'node:path';
import { quoted } from '../../../base/text/nearest.ts';
import type { Builder } from '../builder.ts';
import { takenNow } from '../keys.ts';
import { httpFolder } from '../groups/http.ts';
import { seedKeys } from '../groups/removable.ts';
import { contextPath } from '../paths.ts';
import { diskNames } from '../groups/names.ts';
import { isFlash, isUefi, noteFirmware, putUefi } from './firmware.ts';
import { accelerator, idleDevice, idleReason, networksIn, ownBoot } from './qemu-idle.ts';

/** What `qemuargs` say that has a place here: they stand in place of what Packer would give QEMU under the same name. */
export type QemuArguments = {
  /** What the serial line of the machine is: something that QEMU reads from, or all that there is, without a display. */
  readonly serial: 'unused' | 'used' | 'only';
};

type Place = { readonly builder: Builder; readonly at: string; readonly networks: readonly string[] };

/** The properties of an option of QEMU, in their order; what has no name has the name ''. */
const propertiesOf = (value: string): readonly (readonly [name: string, value: string])[] =>
  value.split(',').map((part, index) => {
    const at = part.indexOf('=');
    if (at === -1) return index === 0 ? ['', part] : [part, 'on'];
    return [part.slice(0, at), part.slice(at + 1)];
  });

/** Its properties by their names, where it has these and no others; that without a name is called `first`. */
const onlyThese = (value: string, first: string, names: readonly string[]): ReadonlyMap<string, string> | undefined => {
  const found = new Map(propertiesOf(value).map(([name, own]) => [name === '' ? first : name, own]));
  return [...found.keys()].every((name) => name === first || names.includes(name)) ? found : undefined;
};

/** How many processors `-smp` gives: where it does not say so, as many as their sockets, cores and threads make (QEMU's manual). */
const processorsIn = (value: string): number | undefined => {
  const parts = ['sockets', 'dies', 'clusters', 'cores', 'threads'];
  const found = onlyThese(value, 'cpus', [...parts, 'maxcpus']);
  if (found === undefined) return undefined;
  const product = parts.reduce((count, name) => count * Number(found.get(name) ?? 1), 1);
  const isShaped = parts.some((name) => found.has(name));
  const count = Number(found.get('cpus') ?? (isShaped ? product : found.get('maxcpus')));
  return Number.isInteger(count) ? count : undefined;
};

// Ubuntu's QEMU has names of its own for the two.
const namesOfUbuntu = new Map([['ubuntu', 'pc'], ['ubuntu-q35', 'q35']]); // prettier-ignore

/** A machine type as QEMU itself names it. */
export const machineType = (type: string): string => namesOfUbuntu.get(type) ?? type;

/** Properties of a machine type that no guest is made for. */
const idleOfMachine = ['accel', 'smm', 'usb', 'vmport', 'dump-guest-core', 'mem-merge', 'graphics', 'hpet', 'kernel_irqchip', 'kernel-irqchip', 'pflash0', 'pflash1']; // prettier-ignore

/** Where a card hangs, and how: nothing that its driver is chosen by. */
const idleOfCard = ['netdev', 'id', 'bus', 'addr', 'multifunction', 'romfile', 'rombar', 'bootindex', 'mq', 'vectors'];

/** A processor that has all that the host can give has what is added to it, too. */
const hasAll = ['host', 'max'];

const noted = ({ builder, at }: Pick<Place, 'builder' | 'at'>, why: string): true => {
  builder.reading.notes.add(at, `has no meaning here: ${why}`);
  return true;
};

const takeUefi = ({ builder, at }: Place): true => {
  putUefi(builder, at);
  return true;
};

/** A network card, a controller of disks, or what changes nothing; false: none of them. */
const readDevice = (value: string, place: Place): boolean => {
  const { builder, at, networks } = place;
  const [[, model] = ['', ''], ...properties] = propertiesOf(value);
  if (properties.some(([name, own]) => name === 'netdev' && networks.includes(own))) {
    const found = onlyThese(value, '', [...idleOfCard, 'mac']);
    const mac = found?.get('mac');
    if (found === undefined || (mac !== undefined && !/^[0-9A-Fa-f:]{17}$/.test(mac))) return false;
    builder.draft.put(['machine', 'model', 'net_device'], model, at);
    if (mac !== undefined) builder.draft.put(['machine', 'nics', 0, 'mac'], mac, at);
    return true;
  }
  const bus = { 'scsi-hd': 'scsi', 'ide-hd': 'ide', 'virtio-blk': 'virtio', 'virtio-blk-pci': 'virtio' }[model];
  if (bus !== undefined) {
    builder.draft.put(['machine', 'model', 'disk_interface'], bus, at);
    return true;
  }
  const why = idleDevice(model);
  return why !== undefined && noted(place, why);
};

const putFile =
  (key: 'cdrom' | 'floppy', isTaken: (builder: Builder) => boolean) =>
  (value: string, { builder, at }: Place): boolean => {
    if (isTaken(builder)) return false;
    const path = builder.reading.wrong.attempt(at, undefined, () => contextPath(value));
    if (path !== undefined) builder.draft.put(['machine', key], path, at);
    return true;
  };

const putCdrom = putFile('cdrom', ({ keys }) => !keys.flag('disk_image'));

/** Where cloud-init is told to look on Packer's server: the path behind its address (cloud-init, "NoCloud", line configuration). */
const seedUrl =
  /^type=1,serial=ds=nocloud(?:-net)?(?:;[hi]=[^;,]*)*;s=http:\/\/\{\{\s*\.HTTPIP\s*\}\}:\{\{\s*\.HTTPPort\s*\}\}\/?([^;,]*)$/;

/** The files of a seed that Packer's server has, as `cloud_init` of the machine, whose endpoint shows them; false: no seed. */
const readSmbios = (value: string, { builder, at }: Place): boolean => {
  const { keys, draft, reading } = builder;
  if (/^type=1,serial=ds=nocloud(?:-net)?$/.test(value)) return noted({ builder, at }, 'a seed on a CD is found by its label'); // prettier-ignore
  const [, folder] = seedUrl.exec(value) ?? [];
  if (folder === undefined) return false;
  const served = httpFolder(builder);
  const contents = keys.map('http_content') ?? [];
  const put = (name: string, text: unknown, from: string) =>
    draft.put(['machine', 'cloud_init', seedKeys[name] ?? name], text, from);
  const found = Object.keys(seedKeys).filter((name) => {
    const path = posix.join(folder, name);
    const content = contents.find((one) => posix.join('/', one.name) === posix.join('/', path));
    const file = served === undefined ? undefined : posix.join(served, path);
    if (content !== undefined) put(name, content.text, content.at);
    else if (file !== undefined && reading.files.has(file)) put(name, { file }, at);
    else return false;
    return true;
  });
  if (!found.includes('user-data')) return false;
  draft.put(['machine', 'cloud_init', 'by'], 'smbios', at);
  return true;
};

/** What the files of the builder's own disks are called. Of two builds with one source, Packer calls both by the source's name. */
const ownDisks = (builder: Builder): readonly string[] => {
  const name = builder.keys.known('name') ?? '';
  const bySource = `packer-${name.slice(name.lastIndexOf('.') + 1)}`;
  return ['{{ .Name }}', '{{.Name}}', ...diskNames(builder).names, bySource];
};

/** The disk and the CD that the build has anyway, and firmware; false: another file. */
const readDrive = (value: string, place: Place): boolean => {
  const { keys } = place.builder;
  const found = new Map(propertiesOf(value));
  const file = found.get('file') ?? '';
  if (found.get('if') === 'pflash') return isFlash(file) && takeUefi(place);
  const name = file.slice(file.lastIndexOf('/') + 1);
  if (ownDisks(place.builder).includes(name)) return noted(place, 'the build sees to its disks');
  // An image of a CD is one also where it is attached as a disk: what reads it goes by its label.
  if (found.get('media') !== 'cdrom' && !/\.iso$/i.test(file)) return false;
  if (['iso_url', 'iso_target_path'].some((key) => keys.text(key) === file)) return noted(place, ownBoot);
  return putCdrom(file, place);
};

const readers: Readonly<Record<string, (value: string, place: Place) => boolean>> = {
  '-m': (value, { builder, at }) => {
    const size = onlyThese(value, 'size', [])?.get('size');
    if (size !== undefined) builder.draft.put(['machine', 'memory'], size, at);
    return size !== undefined;
  },
  '-smp': (value, { builder, at }) => {
    const count = processorsIn(value);
    if (count !== undefined) builder.draft.put(['machine', 'cpus'], count, at);
    return count !== undefined;
  },
  '-cpu': (value, { builder, at }) => {
    const [model = '', ...features] = value.split(',');
    if (features.length > 0 && !hasAll.includes(model)) return false;
    if (features.length > 0) noted({ builder, at }, 'the processor has all that the host can give it');
    builder.draft.put(['machine', 'model', 'cpu_model'], model, at);
    return true;
  },
  '-machine': (value, place) => {
    const found = onlyThese(value, 'type', idleOfMachine);
    if (found === undefined) return false;
    const type = found.get('type');
    if (type === undefined) return noted(place, found.has('accel') ? accelerator : 'the build sees to its machine');
    place.builder.draft.put(['machine', 'model', 'machine_type'], machineType(type), place.at);
    return true;
  },
  '-device': readDevice,
  '-drive': readDrive,
  '-bios': (value, place) => isUefi(value) && takeUefi(place),
  '-global': (value, place) => {
    if (/^(?:driver=)?cfi\.pflash01[.,]/.test(value)) noteFirmware(place.builder, place.at);
    else if (/^(?:ICH9-LPC|PIIX4_PM)\.disable_s[34]=|^kvm-pit\.lost_tick_policy=/.test(value))
      noted(place, 'a machine does not sleep while it is built');
    else return false;
    return true;
  },
  '-object': (value, place) => /^rng-[a-z]+,/.test(value) && noted(place, 'each machine has random numbers'),
  '-cdrom': putCdrom,
  '-fda': putFile('floppy', ({ keys }) => ['floppy_files', 'floppy_dirs', 'floppy_content'].some((key) => keys.raw(key) !== undefined)), // prettier-ignore
  '-smbios': readSmbios,
  '-rtc': (value, { builder, at }) => {
    builder.draft.put(['machine', 'model', 'rtc'], value, at);
    return true;
  },
};

const readOne = (entry: readonly unknown[], { builder, at, networks }: Place): QemuArguments['serial'] => {
  const { wrong, notes } = builder.reading;
  if (entry.length === 0 || !entry.every((part) => typeof part === 'string')) {
    wrong.add(at, 'must be a list of an argument and, where it has one, its value: ["-m", "1024"]');
    return 'unused';
  }
  // Packer puts a value of several texts together (step_run.go), and QEMU takes two dashes as one.
  const [written = '', ...parts] = entry;
  const [name, given] = [written.replace(/^--/, '-').replace(/^-M$/, '-machine'), parts.join('')];
  if (name === '-nographic') return 'only';
  if (name === '-serial') return ['none', 'null'].includes(given) ? 'unused' : 'used';
  const why = idleReason(name, given, networks);
  if (why !== undefined) {
    noted({ builder, at }, why);
    return 'unused';
  }
  // What a drive is called, and where the server is, is known when the machine runs.
  const value = ['-drive', '-smbios'].includes(name)
    ? given
    : wrong.attempt(at, '', () => builder.reading.fill(given) ?? given);
  if (value !== given) notes.add(at, takenNow);
  const read = Object.hasOwn(readers, name) ? readers[name] : undefined;
  if (read?.(value, { builder, at, networks }) !== true)
    wrong.add(
      at,
      `cannot be translated: no text of a template is an argument of QEMU. ${quoted(`${name} ${given}`)} has no counterpart; those that can have one are ${Object.keys(readers).join(', ')}, -serial, -nographic, and "model" of "machine" has what may differ between machines`,
    );
  return 'unused';
};

/** Reads `qemuargs`, a list of lists. */
export const readQemuArguments = (builder: Builder): QemuArguments => {
  const { keys, reading } = builder;
  const given = keys.raw('qemuargs');
  const at = keys.at('qemuargs');
  if (given === undefined) return { serial: 'unused' };
  if (!Array.isArray(given)) {
    reading.wrong.add(at, 'must be a list of lists: [["-m", "1024"]]');
    return { serial: 'unused' };
  }
  const entries = given.map((entry: unknown): readonly unknown[] => (Array.isArray(entry) ? entry : []));
  const valuesOf = (option: RegExp) => entries.flatMap(([name, ...parts]) => (option.test(String(name)) ? parts.join('') : [])); // prettier-ignore
  const networks = networksIn(valuesOf(/^--?netdev$/), valuesOf(/^--?device$/));
  const said = entries.map((entry, index) => readOne(entry, { builder, at: `${at}/${index}`, networks }));
  return { serial: (['only', 'used'] as const).find((one) => said.includes(one)) ?? 'unused' };
};
