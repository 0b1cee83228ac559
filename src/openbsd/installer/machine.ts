import { quoted } from '../../base/text/nearest.ts';
import { mirrorRoot } from '../../base/openbsd/mirror-layout.ts';
import { digitsOf } from '../../base/openbsd/release-name.ts';
import type { FieldErrors } from '../../base/field-errors.ts';
import { judgeFit, judgeLayout, parseDisklabel, type Layout } from '../disklabel.ts';
import type { ContextHostFacts } from '../../context/files.ts';
import type { InstallerFacts, SetsThere } from './facts.ts';
import { endpointPath, isKnown, namesEndpoint, seen } from './lines.ts';
import { releaseOfPath } from '../releases.ts';
import { digitsOfSets } from '../set-names.ts';
import type { Walk } from './walk.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { setsOfMirror, setsServed, smallFile } from '../served-sets.ts';
import type { HttpEntry, Spec } from '../../template/spec.ts';

export type MachineParts = Pick<Spec, 'cpus' | 'disks' | 'nics' | 'cdrom' | 'model' | 'boot' | 'firmware'>;

/** How OpenBSD calls the network interfaces: by their driver. */
export const interfaceNames = ({
  nics,
  model,
}: Pick<MachineParts, 'nics' | 'model'>): readonly (string | undefined)[] =>
  nics.map((_, index) => {
    const device = model.net_device ?? 'virtio-net';
    if (device.startsWith('virtio')) return `vio${index}`;
    return device.startsWith('e1000') ? `em${index}` : undefined;
  });

/** How OpenBSD calls a disk: by its driver, wd(4) or sd(4). */
export const diskName = ({ model }: Pick<MachineParts, 'model'>, index: number): string =>
  `${model.disk_interface === 'ide' ? 'wd' : 'sd'}${index}`;

const diskNames = ({ disks, model }: MachineParts): InstallerFacts['disks'] =>
  disks.map(({ sizeMb, base }, index) => ({
    name: diskName({ model }, index),
    sizeMb: sizeMb ?? base?.virtualMb ?? 0,
    isBlank: base === undefined,
  }));

/** The sets in a directory of the endpoint, by `number` where only a mirror has them. */
const setsIn = (
  entries: readonly HttpEntry[],
  directory: string,
  number: string,
  host: ContextHostFacts,
): SetsThere | undefined => {
  const isMirrored = host.hasMirror === true && directory.startsWith(mirrorRoot);
  return setsServed(entries, directory, isMirrored ? setsOfMirror(number) : undefined);
};

const layoutOf = (entry: HttpEntry | undefined): string | undefined => {
  if (entry?.kind === 'file') return entry.file.path === '/' ? undefined : smallFile(entry.file.path);
  return entry?.kind === 'text' && isKnown(seen(entry.text)) ? seen(entry.text) : undefined;
};

const parsed = (text: string | undefined): Layout | undefined => {
  try {
    return text === undefined ? undefined : parseDisklabel(text);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return undefined;
  }
};

/** What the endpoint has, looked at once: a response file is gone through many times. */
export type InstallerLooked = {
  readonly setsIn: (directory: string, number: string) => SetsThere | undefined;
  readonly layoutAt: (path: string | undefined) => Layout | undefined;
};

const once = <T>(look: (...at: readonly string[]) => T): ((...at: readonly string[]) => T) => {
  const known = new Map<string, { readonly found: T }>();
  return (...at) => {
    const key = at.join('\n');
    const one = known.get(key) ?? { found: look(...at) };
    known.set(key, one);
    return one.found;
  };
};

export const lookAt = (entries: readonly HttpEntry[], host: ContextHostFacts): InstallerLooked => {
  const layout = once((path) => parsed(layoutOf(entries.find((entry) => entry.path === path))));
  return {
    setsIn: once((directory = '', number = '') => setsIn(entries, directory, number, host)),
    layoutAt: (path) => (path === undefined ? undefined : layout(path)),
  };
};

/** What the installer will find on this machine, as far as it is known. */
export const installerFacts = (
  machine: MachineParts,
  looked: InstallerLooked,
  number: string,
  host: ContextHostFacts,
): Omit<InstallerFacts, 'release' | 'mode'> => {
  const isOutside = machine.nics.some(({ network }) => network === 'outgoing');
  const isNetbooted = machine.boot.device === 'net' && machine.nics.length > 0;
  const lease = machine.nics[0]?.network === 'outgoing' ? { router: true, dns: true } : host.lease;
  return {
    interfaces: interfaceNames(machine),
    disks: diskNames(machine),
    hasCdrom: machine.cdrom !== undefined,
    isNetbooted,
    isEfi: machine.firmware === 'uefi',
    cpus: machine.cpus,
    lease: { router: lease?.router, dns: lease?.dns, hostname: isNetbooted ? host.lease?.hostname : false },
    outside: isOutside,
    setsAt: (server, directory) =>
      namesEndpoint(server) && directory !== undefined && isKnown(directory)
        ? looked.setsIn(directory, number)
        : undefined,
    layoutAt: (url) => looked.layoutAt(endpointPath(url)),
  };
};

/** The number in the names of the sets in a directory, where its files or its release tell. */
export const numberOfSets = (
  entries: readonly HttpEntry[],
  directory: string,
  host: ContextHostFacts,
): string | undefined => {
  const found = setsIn(entries, directory, 'NN', host);
  const digits = found === undefined ? undefined : digitsOfSets(found.listed);
  return digits === undefined || digits === 'NN' ? digitsOf(releaseOfPath(directory) ?? '') : digits;
};

type LayoutParts = {
  readonly entries: readonly HttpEntry[];
  readonly pointerOf: (path: string) => string;
  readonly wrong: FieldErrors;
};

/** Judges the template for disklabel that the installer would fetch from the endpoint, and whether it fits on the disk. */
export const judgeRootLayout = (
  walk: Walk,
  lines: readonly { readonly pointer: string | undefined }[],
  facts: Pick<InstallerFacts, 'disks'>,
  { entries, pointerOf, wrong }: LayoutParts,
): void => {
  const { root } = walk;
  const path = root?.template === undefined ? undefined : endpointPath(root.template.value);
  if (root?.template === undefined || path === undefined) return;
  const at = root.template.line === undefined ? undefined : lines[root.template.line]?.pointer;
  const entry = entries.find((one) => one.path === path);
  const isBelowFolder = entries.some((one) => one.kind === 'folder' && (one.path === '' || path.startsWith(`${one.path}/`))); // prettier-ignore
  if (entry === undefined) {
    if (!isBelowFolder && at !== undefined) wrong.add(at, `names ${quoted(path)}, and "http" serves no such file`);
    return;
  }
  const disk = facts.disks.find(({ name }) => name === root.name);
  const text = layoutOf(entry);
  if (text === undefined) return;
  wrong.attempt(pointerOf(path), undefined, () => {
    const layout = parseDisklabel(text);
    judgeLayout(layout);
    if (disk !== undefined && disk.sizeMb > 0) judgeFit(layout, disk.sizeMb, root.isGpt);
  });
};
