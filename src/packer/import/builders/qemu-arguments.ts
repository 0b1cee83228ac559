import { quoted } from '../../../base/text/nearest.ts';
import type { Builder } from '../builder.ts';
import { takenNow } from '../keys.ts';

/** What `qemuargs` say that has a place here: they stand in place of what Packer would give QEMU under the same name. */
export type QemuArguments = { readonly isSerial: boolean };

type Place = { readonly builder: Builder; readonly at: string };

const accelerator = 'the best accelerator that works on the host is taken';

const harmless: Readonly<Record<string, string>> = {
  '-display': 'the build sees to its display',
  '-vga': 'a machine with a display has a standard VGA',
  '-enable-kvm': accelerator,
  '-accel': accelerator,
  '-no-reboot': 'the build sees to its end',
  '-monitor': 'the build has a monitor of its own',
  '-name': 'the build names its machines',
  '-vnc': 'the build sees to its display',
  '-boot': 'the machine boots from what it begins with, and then from its disk',
  '-parallel': 'the machine has no such port',
  '-audiodev': 'the machine has no sound',
  '-soundhw': 'the machine has no sound',
};

/** Why an argument changes nothing here; undefined: it may. Packer's own interface is called user.0 (step_run.go). */
const idleReason = (name: string, value: string): string | undefined => {
  if (name === '-netdev' && /^user,id=user\.0(?:,|$)/.test(value)) return 'the build sees to its network';
  return Object.hasOwn(harmless, name) ? harmless[name] : undefined;
};

/** The value that stands first in a list of properties, or under the name; undefined: others are there too. */
const onlyProperty = (value: string, name: string, idle: readonly string[] = []): string | undefined => {
  let found: string | undefined;
  for (const [index, part] of value.split(',').entries()) {
    const [key = '', own] = part.split('=', 2);
    if (own === undefined && index === 0) found = key;
    else if (key === name) found = own;
    else if (!idle.includes(key)) return undefined;
  }
  return found;
};

const readers: Readonly<Record<string, (value: string, place: Place) => boolean>> = {
  '-m': (value, { builder, at }) => {
    const size = onlyProperty(value, 'size');
    if (size !== undefined) builder.draft.put(['machine', 'memory'], size, at);
    return size !== undefined;
  },
  '-smp': (value, { builder, at }) => {
    const cpus = onlyProperty(value, 'cpus', ['sockets', 'cores', 'threads', 'maxcpus']);
    const count = Number(cpus);
    if (Number.isInteger(count)) builder.draft.put(['machine', 'cpus'], count, at);
    return Number.isInteger(count);
  },
  '-cpu': (value, { builder, at }) => {
    builder.draft.put(['machine', 'model', 'cpu_model'], value, at);
    return true;
  },
  '-machine': (value, { builder, at }) => {
    if (/^accel=[^,]*$/.test(value)) {
      builder.reading.notes.add(at, `has no meaning here: ${accelerator}`);
      return true;
    }
    const type = onlyProperty(value, 'type', ['accel']);
    if (type !== undefined) builder.draft.put(['machine', 'model', 'machine_type'], type, at);
    return type !== undefined;
  },
  '-device': (value, { builder, at }) => {
    const [, model, mac] = /^([a-z][a-z0-9-]*),netdev=user\.0(?:,mac=([0-9A-Fa-f:]{17}))?$/.exec(value) ?? [];
    if (model !== undefined) builder.draft.put(['machine', 'model', 'net_device'], model, at);
    if (mac !== undefined) builder.draft.put(['machine', 'nics', 0, 'mac'], mac, at);
    return model !== undefined;
  },
  '-rtc': (value, { builder, at }) => {
    builder.draft.put(['machine', 'model', 'rtc'], value, at);
    return true;
  },
};

const readOne = (entry: readonly unknown[], at: string, builder: Builder): boolean => {
  const { wrong, notes } = builder.reading;
  const [written, given = ''] = entry;
  // QEMU takes two dashes as one.
  const name = typeof written === 'string' ? written.replace(/^--/, '-') : undefined;
  if (name === undefined || typeof given !== 'string' || entry.length > 2) {
    wrong.add(at, 'must be a list of an argument and, where it has one, its value: ["-m", "1024"]');
    return false;
  }
  if (['-serial', '-nographic'].includes(name)) return true;
  const why = idleReason(name, given);
  if (why !== undefined) {
    notes.add(at, `has no meaning here: ${why}`);
    return false;
  }
  const value = wrong.attempt(at, '', () => builder.reading.fill(given) ?? given);
  if (value !== given) notes.add(at, takenNow);
  const read = Object.hasOwn(readers, name) ? readers[name] : undefined;
  if (read?.(value, { builder, at }) !== true)
    wrong.add(
      at,
      `cannot be translated: no text of a template is an argument of QEMU. ${quoted(`${name} ${given}`)} has no counterpart; those that have one are ${Object.keys(readers).join(', ')}, -serial, -nographic, and "model" of "machine" has what may differ between machines`,
    );
  return false;
};

/** Reads `qemuargs`, a list of lists. */
export const readQemuArguments = (builder: Builder): QemuArguments => {
  const { keys, reading } = builder;
  const given = keys.raw('qemuargs');
  const at = keys.at('qemuargs');
  if (given === undefined) return { isSerial: false };
  if (!Array.isArray(given)) {
    reading.wrong.add(at, 'must be a list of lists: [["-m", "1024"]]');
    return { isSerial: false };
  }
  const serial = given.map((entry: unknown, index) =>
    readOne(Array.isArray(entry) ? entry : [], `${at}/${index}`, builder),
  );
  return { isSerial: serial.includes(true) };
};
