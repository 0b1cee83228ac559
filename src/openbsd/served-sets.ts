import { readdirSync, readFileSync, statSync } from 'node:fs';
import { indexFile, namesInIndex, setsFolder, signedSumsFile } from '../base/openbsd/mirror-layout.ts';
import { isReleaseFolder } from '../base/openbsd/release-name.ts';
import { sumsIn } from '../base/sums.ts';
import { insideOf } from '../context/files.ts';
import type { SetsThere } from './installer/facts.ts';
import { isKnown, seen } from './installer/lines.ts';
import { digitsOfSite, setFiles } from './set-names.ts';
import type { HttpEntry } from '../template/spec.ts';

/** Bytes of a file that is read as a text. */
export const longestSmallFile = 256 * 1024;

/** The text of a small file; undefined when it cannot be read or is no small file. */
export const smallFile = (path: string): string | undefined => {
  try {
    const { size } = statSync(path);
    return size > longestSmallFile ? undefined : readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/** A place below a folder that a template may read. */
type Behind = { readonly root: string; readonly way: string };

/** The names in a folder; none when it is not there, or is not within its root. */
export const namesBelow = ({ root, way }: Behind): readonly string[] => {
  const folder = insideOf(root, way);
  if (folder === undefined) return [];
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

/** The text of a small file below a folder; undefined when there is none within its root. */
export const smallFileBelow = ({ root, way }: Behind): string | undefined => {
  const path = insideOf(root, way);
  return path === undefined ? undefined : smallFile(path);
};

/** What of the host is served in `directory`, a name that the template chose. */
const folderBehind = (entries: readonly HttpEntry[], directory: string): Behind | undefined => {
  const found = entries
    .flatMap((entry) => (entry.kind === 'folder' ? [entry] : []))
    .filter(({ path }) => path === '' || directory === path || directory.startsWith(`${path}/`))
    .toSorted((one, other) => other.path.length - one.path.length)[0];
  if (found === undefined || found.folder.path === '/') return undefined;
  return { root: found.folder.path, way: found.path === '' ? directory : directory.slice(found.path.length) };
};

/** The directories of releases that lie in a folder which is served at `path`, where that is laid out as a mirror is. */
const releasesIn = (path: string, folder: string): readonly string[] => {
  const own = /^pub\/OpenBSD\/([^/]+)$/.exec(path)?.[1];
  const roots: Readonly<Record<string, string>> = { '': 'pub/OpenBSD', pub: 'OpenBSD', 'pub/OpenBSD': '' };
  const root = roots[path];
  const has = (...way: readonly string[]) => namesBelow({ root: folder, way: [...way, 'amd64'].join('/') }).length > 0;
  if (own !== undefined) return isReleaseFolder(own) && has() ? [own] : [];
  if (root === undefined) return [];
  return namesBelow({ root: folder, way: root }).filter((name) => isReleaseFolder(name) && has(root, name));
};

/** The directories of releases that are served as a mirror of OpenBSD has them. */
export const mirrorsBelow = (entries: readonly HttpEntry[]): readonly string[] =>
  entries
    .flatMap((entry) => (entry.kind === 'folder' ? releasesIn(entry.path, entry.folder.path) : []))
    .map(setsFolder);

/** What a mirror of OpenBSD has of a release. */
export const setsOfMirror = (digits: string): readonly string[] => [
  ...['BUILDINFO', 'INSTALL.amd64', 'bsd', 'bsd.mp', 'bsd.rd'],
  ...setFiles(digits),
];

/** The names of the site sets that are served in a directory. */
export const siteSetsIn = (entries: readonly HttpEntry[], directory: string): readonly string[] =>
  entries
    .map(({ path }) => path)
    .filter((path) => path.startsWith(`${directory}/`))
    .map((path) => path.slice(directory.length + 1))
    .filter((name) => digitsOfSite(name) !== undefined);

/** A file of a directory, as text where it is known. */
const textAt = (entries: readonly HttpEntry[], path: string, behind: Behind | undefined): string | undefined => {
  const exact = entries.find((entry) => entry.path === path);
  if (exact?.kind === 'text') return isKnown(seen(exact.text)) ? seen(exact.text) : undefined;
  if (exact?.kind === 'file') return smallFile(exact.file.path);
  if (behind === undefined) return undefined;
  return smallFileBelow({ root: behind.root, way: `${behind.way}/${path.slice(path.lastIndexOf('/') + 1)}` });
};

/**
 * What the installer finds in a directory of the endpoint; undefined when its folder holds nothing yet. `mirrored` are
 * the names that a mirror of the host has there.
 */
export const setsServed = (
  entries: readonly HttpEntry[],
  directory: string,
  mirrored: readonly string[] | undefined,
): SetsThere | undefined => {
  const behind = folderBehind(entries, directory);
  const files = new Set(behind === undefined ? (mirrored ?? []) : namesBelow(behind));
  if (behind !== undefined && files.size === 0) return undefined;
  const own = entries
    .filter(({ path }) => path.startsWith(`${directory}/`) && !path.slice(directory.length + 1).includes('/'))
    .map(({ path }) => path.slice(directory.length + 1));
  for (const name of own) files.add(name);
  const isMirror = behind === undefined && mirrored !== undefined;
  const sums = isMirror ? undefined : textAt(entries, `${directory}/${signedSumsFile}`, behind);
  const index = textAt(entries, `${directory}/${indexFile}`, behind);
  const signed = isMirror ? mirrored : sums === undefined ? undefined : [...sumsIn(sums).keys()];
  const listed = [
    ...(signed === undefined ? [] : [signedSumsFile, ...signed]),
    ...(index === undefined ? [] : namesInIndex(index)),
    // The mirror's index names what the machine has there of its own.
    ...(isMirror && index === undefined ? own : []),
  ];
  return { listed: [...new Set(listed)], signed, has: (name) => files.has(name) };
};
