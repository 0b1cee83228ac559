import type { FieldErrors } from '../../base/field-errors.ts';
import type { Fields } from './fields.ts';
import { isMedium } from '../../context/files.ts';
import { imageFacts } from '../../context/image-header.ts';
import { ParseError } from '../../base/parse-error.ts';
import { quoted } from '../../base/nearest.ts';
import { icountOf, rtcOf } from './qemu-clocks.ts';
import { qemuWords } from '../document/machine.ts';
import type { Template } from '../document/template.ts';
import type { DiskPlan, Spec } from '../spec.ts';
import { sizeMbOf } from '../../base/units.ts';

type Machine = Pick<Spec, 'memoryMb' | 'disks' | 'nics' | 'cdrom' | 'floppy' | 'boot' | 'qemu'>;
type DiskAsked = Template['machine']['disks'][number];

const diskOf = async (disk: DiskAsked, pointer: string, fields: Fields, wrong: FieldErrors): Promise<DiskPlan> => {
  const { size, base } = disk;
  const sizeMb = size === undefined ? {} : { sizeMb: fields.made(`${pointer}/size`, size, 1, sizeMbOf) };
  if (base === undefined) return { format: disk.format, ...sizeMb };
  const file = await fields.file(`${pointer}/base`, base);
  if (file.path === '/') return { format: disk.format, ...sizeMb };
  try {
    return {
      format: disk.format,
      ...sizeMb,
      base: {
        ...file,
        ...(await imageFacts(file.path, isMedium(file.shown))),
        layers: isMedium(file.shown) ? 'chain' : 'one',
      },
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
  const commandLine = append === undefined ? undefined : fields.made('/machine/boot/append', append, '', oneLine);
  return {
    device: deviceOf(template),
    ...(kernel === undefined ? {} : { kernel: await fields.file('/machine/boot/kernel', kernel) }),
    ...(initrd === undefined ? {} : { initrd: await fields.file('/machine/boot/initrd', initrd) }),
    ...(commandLine === undefined ? {} : { append: commandLine }),
  };
};

const oneLine = (text: number | string): string => {
  if (/[\r\n]/.test(String(text))) throw new ParseError('holds a line break');
  if (String(text).includes('\0')) throw new ParseError('holds a character U+0000, which ends a command line');
  return String(text);
};

const qemuOf = ({ qemu, machine }: Template, fields: Fields): Spec['qemu'] => {
  /** The key with what `make` makes of its text, or nothing where the template has no such key. */
  const word = <K extends keyof typeof qemuWords, T>(key: K, fallback: T, make: (text: string) => T) => {
    const raw = qemu[key];
    if (raw === undefined) return undefined;
    const { pattern, shape } = qemuWords[key];
    return fields.made(`/qemu/${key}`, raw, fallback, (text) => {
      if (!pattern.test(String(text))) throw new ParseError(`${quoted(String(text))} must be ${shape}`);
      return make(String(text));
    });
  };
  const [machine_type, cpu_model, net_device] = (['machine_type', 'cpu_model', 'net_device'] as const).map((key) =>
    word(key, '', String),
  );
  const icount = word('icount', { shift: 0 }, icountOf);
  const rtc = word('rtc', {}, rtcOf);
  const { accelerator, disk_interface } = qemu;
  return {
    cpus: machine.cpus,
    ...(machine_type === undefined ? {} : { machine_type }),
    ...(accelerator === undefined ? {} : { accelerator }),
    ...(cpu_model === undefined ? {} : { cpu_model }),
    ...(disk_interface === undefined ? {} : { disk_interface }),
    ...(net_device === undefined ? {} : { net_device }),
    ...(icount === undefined ? {} : { icount }),
    ...(rtc === undefined ? {} : { rtc }),
  };
};

/** What the machine is made of: sizes in MB, files proven to be there, images looked into. */
export const resolveMachine = async (template: Template, fields: Fields, wrong: FieldErrors): Promise<Machine> => {
  const { memory, disks, nics, cdrom, floppy } = template.machine;
  return {
    memoryMb: fields.made('/machine/memory', memory, 1, sizeMbOf),
    disks: await Promise.all(disks.map((disk, index) => diskOf(disk, `/machine/disks/${index}`, fields, wrong))),
    nics,
    ...(cdrom === undefined ? {} : { cdrom: await fields.file('/machine/cdrom', cdrom) }),
    ...(floppy === undefined ? {} : { floppy: await fields.file('/machine/floppy', floppy) }),
    boot: await bootOf(template, fields),
    qemu: qemuOf(template, fields),
  };
};
