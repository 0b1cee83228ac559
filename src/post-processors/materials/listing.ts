import { readApk } from './managers/apk.ts';
import { readDpkg } from './managers/dpkg.ts';
import { readPkgInfo } from './managers/pkg-info.ts';
import { readRpm } from './managers/rpm.ts';
import type { GuestPackage, PackageManager, PackagesRead } from './package.ts';
import type { Distribution } from './purl.ts';

/** The name of the file that the build keeps a guest's list in, until the image is published. */
export const packageList = 'packages';

/** What a guest says of itself and of its packages. */
export type GuestListing = {
  /** The name of its kernel as uname(1) has it, its release and its machine. */
  readonly kernel?: { readonly name: string; readonly release: string; readonly machine: string };
  readonly distribution?: Distribution & { readonly title?: string };
  /** Those of its package managers whose lists are whole. */
  readonly managers: readonly PackageManager[];
  /** Those that were asked, and failed. */
  readonly failed: readonly PackageManager[];
  readonly packages: readonly GuestPackage[];
  /** Patches of OpenBSD's base that syspatch(8) has put in. */
  readonly patches: readonly string[];
  /** Lines, and parts of Alpine's list, that had another form than they must. */
  readonly refused: number;
  /** The guest printed its list to the end, and no more than is taken of one. */
  readonly isWhole: boolean;
};

/** More packages than any system has; Debian has some 65000 to choose from. */
const mostPackages = 100_000;

const readers: Readonly<Record<PackageManager, (lines: readonly string[]) => PackagesRead>> = {
  pkg_info: readPkgInfo,
  dpkg: readDpkg,
  apk: readApk,
  rpm: readRpm,
};

const managers = ['pkg_info', 'dpkg', 'apk', 'rpm'] as const satisfies readonly PackageManager[];

/** The lines of each part: `# name` begins one, `# end` or `# failed` ends it. A part that comes twice is not taken again. */
const partsOf = (text: string) => {
  const parts = new Map<string, { readonly lines: string[]; end?: 'end' | 'failed' }>();
  let stray = 0;
  let current: { readonly lines: string[]; end?: 'end' | 'failed' } | undefined;
  const lines = text.replace(/\n$/, '').split('\n');
  const isDone = lines.at(-1) === '# done';
  for (const line of isDone ? lines.slice(0, -1) : lines) {
    const mark = /^# ([a-z_]{1,20})$/.exec(line)?.[1];
    if (mark === 'end' || mark === 'failed') {
      if (current !== undefined) current.end = mark;
      current = undefined;
    } else if (mark !== undefined && !parts.has(mark)) parts.set(mark, (current = { lines: [] }));
    else if (current !== undefined) current.lines.push(line);
    else stray += 1;
  }
  return { parts, stray, isDone };
};

const kernelOf = (line: string | undefined): Pick<GuestListing, 'kernel'> => {
  const [, name, release, machine] = /^([A-Za-z]{1,40})\t([\w.+-]{1,100})\t([\w.-]{1,40})$/.exec(line ?? '') ?? [];
  return name === undefined || release === undefined || machine === undefined
    ? {}
    : { kernel: { name, release, machine } };
};

/** os-release(5): what matters of it, without its quotes. */
const distributionOf = (
  lines: readonly string[],
  { kernel }: Pick<GuestListing, 'kernel'>,
): Pick<GuestListing, 'distribution'> => {
  const value = (key: string, shape: RegExp): string | undefined => {
    const text = lines
      .find((line) => line.startsWith(`${key}=`))
      ?.slice(key.length + 1)
      .replace(/^(["'])(.*)\1$/, '$2');
    return text !== undefined && shape.test(text) ? text : undefined;
  };
  // OpenBSD has no such file.
  if (lines.length === 0 && kernel?.name === 'OpenBSD')
    return { distribution: { id: 'openbsd', version: kernel.release } };
  const id = value('ID', /^[a-z0-9._-]{1,64}$/);
  if (id === undefined) return {};
  const version = value('VERSION_ID', /^[a-z0-9._-]{1,64}$/);
  const title = value('PRETTY_NAME', /^[\x20-\x7e]{1,200}$/);
  return {
    distribution: { id, ...(version === undefined ? {} : { version }), ...(title === undefined ? {} : { title }) },
  };
};

const nothingRead: PackagesRead = { packages: [], refused: 0 };

/** Reads what src/guest/list-packages.ts has a guest print. Whatever it holds, this gives an answer. */
export const readListing = (text: string): GuestListing => {
  const { parts, stray, isDone } = partsOf(text);
  const linesOf = (name: string): readonly string[] => parts.get(name)?.lines ?? [];
  const kernel = kernelOf(linesOf('kernel')[0]);
  const read = managers.map((name) => (parts.has(name) ? readers[name](linesOf(name)) : nothingRead));
  const packages = read.flatMap((one) => one.packages);
  const patches = linesOf('syspatch').filter((line) => /^\d{3}_\w{1,60}$/.test(line));
  return {
    ...kernel,
    ...distributionOf(linesOf('os_release'), kernel),
    managers: managers.filter((name) => parts.get(name)?.end === 'end'),
    failed: managers.filter((name) => parts.get(name)?.end === 'failed'),
    packages: packages.slice(0, mostPackages),
    patches,
    refused:
      stray +
      linesOf('syspatch').length -
      patches.length +
      read.reduce((sum, { refused }) => sum + refused, 0) +
      Math.max(0, packages.length - mostPackages),
    isWhole: isDone && packages.length <= mostPackages,
  };
};
