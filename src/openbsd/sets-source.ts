import { mirrorRoot, setsFolder } from '../base/openbsd/mirror-layout.ts';
import { isReleaseFolder, releaseOfDigits } from '../base/openbsd/release-name.ts';
import type { ContextHostFacts } from '../context/files.ts';
import type { HttpEntry } from '../template/spec.ts';
import { answers, type InstallerLine } from './installer/lines.ts';
import { numberOfSets, type MachineParts } from './installer/machine.ts';
import { numberOf } from './installer/walk.ts';
import { releaseOfPath } from './releases.ts';
import { mirrorsBelow, siteSetsIn } from './served-sets.ts';
import { digitsOfSite } from './set-names.ts';

/** The value of the first line that answers a question, whether it is asked or not. */
export const valueFor = (question: string, lines: readonly InstallerLine[]): string | undefined =>
  lines.find(({ key }) => answers(key, question))?.value;

const bare = (path: string): string => path.replace(/^\/+|\/+$/g, '');

/** The folder of a release's sets on the way of a path: `pub/OpenBSD/7.9/amd64`. */
const setsFolderIn = (path: string): string | undefined => {
  const [release = '', platform] = path.startsWith(mirrorRoot) ? path.slice(mirrorRoot.length).split('/') : [];
  return isReleaseFolder(release) && platform === 'amd64' ? setsFolder(release) : undefined;
};

/** The directory of the endpoint that is laid out as a mirror of OpenBSD is: the only one, or the one of that release. */
const directoryServed = (entries: readonly HttpEntry[], release: string | undefined): string | undefined => {
  const named = entries.flatMap(({ path }) => setsFolderIn(path) ?? []);
  const found = [...new Set([...named, ...mirrorsBelow(entries)])];
  const wanted = found.filter((path) => releaseOfPath(path) === release);
  return found.length === 1 ? found[0] : wanted[0];
};

/** Where the endpoint has the sets of a response file, of which release they are, and the number in their names. */
export type Where = {
  readonly directory: string | undefined;
  readonly release: string | undefined;
  readonly number: string;
};

/** Where the sets of this response file come from, and of which release they are. */
export const whereOf = (
  lines: readonly InstallerLine[],
  {
    entries,
    host,
    machine,
  }: { readonly entries: readonly HttpEntry[]; readonly host: ContextHostFacts; readonly machine: MachineParts },
): Where => {
  const media = [machine.boot.kernel?.shown, machine.cdrom?.shown].flatMap((shown) => shown ?? []);
  const booted = media.map(releaseOfPath).find((one) => one !== undefined);
  const served = directoryServed(entries, booted);
  const asked = valueFor('Server directory?', lines);
  const directory = asked === undefined ? (served ?? '') : bare(asked);
  const ofSite = siteSetsIn(entries, directory).map(digitsOfSite)[0];
  const number = numberOfSets(entries, directory, host) ?? ofSite;
  const release = releaseOfPath(directory) ?? releaseOfDigits(number ?? '') ?? booted;
  return { directory: served, release, number: number ?? (release === undefined ? '' : numberOf(release)) };
};

/** The site sets in every directory that the answers lead to. */
export const siteSetsFor = (
  lines: readonly InstallerLine[],
  { directory }: Where,
  entries: readonly HttpEntry[],
): readonly string[] => {
  const asked = lines.filter(({ key }) => answers(key, 'Server directory?')).map(({ value }) => bare(value));
  const directories = asked.length > 0 ? asked : directory === undefined ? [] : [directory];
  return [...new Set(directories.flatMap((one) => siteSetsIn(entries, one)))];
};
