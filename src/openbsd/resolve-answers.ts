import type { FieldErrors } from '../base/field-errors.ts';
import type { HostFacts } from '../context/files.ts';
import { additionsFor, withAdditions, type Addition, type AdditionFacts } from './installer/additions.ts';
import { fieldErrorsOfWalk, isRefused } from './installer/field-errors.ts';
import { answers, indexOf, keyOf, namesEndpoint, type Index, type Line } from './installer/lines.ts';
import {
  diskName,
  installerFacts,
  judgeRootLayout,
  lookAt,
  numberOfSets,
  type Looked,
  type MachineParts,
} from './installer/machine.ts';
import { releaseOfPath, releasesFor } from './releases.ts';
import { digitsOfSite } from './set-names.ts';
import { modeOf } from './installer/turns.ts';
import { numberOf, walk, type Walk } from './installer/walk.ts';
import { mirrorRoot, setsFolder } from '../base/openbsd/mirror-layout.ts';
import { isReleaseFolder, releaseOfDigits } from '../base/openbsd/release-name.ts';
import type { Release } from '../base/openbsd/releases.ts';
import type { Rest } from '../base/turns.ts';
import { renderAnswers, type Answered } from './response-file.ts';
import { mirrorsBelow, siteSetsIn } from './served-sets.ts';
import type { HttpEntry, Text } from '../template/spec.ts';

export type AnswersParts = {
  readonly templateName: string;
  readonly machine: MachineParts;
  /** All else that the endpoint serves. */
  readonly entries: readonly HttpEntry[];
  /** Where the template has what is served under a path. */
  readonly pointerOf: (path: string) => string;
  readonly username: string | undefined;
  readonly disklabelPaths: readonly string[];
  readonly host: HostFacts;
  readonly wrong: FieldErrors;
  readonly rest: Rest;
};

type Tried = {
  readonly text: Text;
  readonly lines: readonly Line[];
  readonly walk: Walk;
  readonly mode: 'install' | 'upgrade';
};

/** What the installed system will be like, for what comes after the installation. */
export type Answers = { readonly text: Text; readonly isSerial: boolean; readonly takesUnverified: boolean };

const valueFor = (question: string, lines: readonly Line[]): string | undefined =>
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

/** What is the same for every release and both modes. */
type Common = {
  readonly answered: readonly Answered[];
  readonly own: readonly Line[];
  readonly index: Index;
  readonly where: Where;
  readonly looked: Looked;
  readonly additions: readonly Addition[];
};

type Where = { readonly directory: string | undefined; readonly release: string | undefined; readonly number: string };

/** Where the sets of this response file come from, and of which release they are. */
const whereOf = (lines: readonly Line[], { entries, host, machine }: AnswersParts): Where => {
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
const siteSetsFor = (
  lines: readonly Line[],
  { directory }: Where,
  entries: readonly HttpEntry[],
): readonly string[] => {
  const asked = lines.filter(({ key }) => answers(key, 'Server directory?')).map(({ value }) => bare(value));
  const directories = asked.length > 0 ? asked : directory === undefined ? [] : [directory];
  return [...new Set(directories.flatMap((one) => siteSetsIn(entries, one)))];
};

const additionFacts = (lines: readonly Line[], where: Where, parts: AnswersParts): AdditionFacts => {
  const { machine, entries, host, disklabelPaths, username, templateName } = parts;
  const isServed = where.directory !== undefined || host.hasMirror === true;
  return {
    templateName,
    username,
    rootDisk: machine.disks.length === 0 ? undefined : diskName(machine, 0),
    disklabelPath: disklabelPaths.length === 1 ? disklabelPaths[0] : undefined,
    sets: isServed && machine.nics.length > 0 ? { directory: where.directory } : undefined,
    siteSets: siteSetsFor(lines, where, entries),
  };
};

const tryOut = async (
  { answered, own, index, where, looked, additions }: Common,
  release: Release,
  mode: 'install' | 'upgrade',
  parts: AnswersParts,
): Promise<Tried> => {
  const number = where.number === '' ? numberOf(release) : where.number;
  const facts = { ...installerFacts(parts.machine, looked, number, parts.host), release, mode };
  const walkOf = (lines: readonly Line[]) => walk(lines, facts, number, index);
  const done = await withAdditions(own, additions, walkOf, parts.rest);
  return { text: renderAnswers([...answered, ...done.added]), lines: done.lines, walk: done.walk, mode };
};

const neverInstalled = ({ walk: done, lines }: Tried, parts: AnswersParts) => {
  if (done.isDoubtful) return;
  const server = valueFor('HTTP Server?', lines) ?? '';
  for (const { path, kind } of parts.entries) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (kind !== 'site' || done.sets.includes(name)) continue;
    parts.wrong.add(
      parts.pointerOf(path),
      namesEndpoint(server)
        ? `is never installed: "Set name(s)" does not choose it, or it is another host's; add "+${name}" before "done"`
        : 'is never installed: no answer leads the installer to its directory on the endpoint',
    );
  }
};

/**
 * Judges a response file as the installer would read it on this machine, and adds what imaged answers by itself. Where
 * the release is not known, one is enough that takes all answers, and the newest one's field errors are told.
 */
export const resolveAnswers = async (
  path: string,
  pointer: string,
  answered: readonly Answered[] | undefined,
  parts: AnswersParts,
): Promise<Answers> => {
  if (answered === undefined) return { text: [], isSerial: true, takesUnverified: true };
  const own = answered.map(({ line }) => line);
  const where = whereOf(own, parts);
  const mode = modeOf(path);
  const modes = mode === undefined ? (['install', 'upgrade'] as const) : [mode];
  const common: Common = {
    answered,
    own,
    index: indexOf(own),
    where,
    looked: lookAt(parts.entries, parts.host),
    additions: additionsFor(additionFacts(own, where, parts)),
  };
  const tries = modes.flatMap((one) => releasesFor(where.release).map((release) => [one, release] as const));
  let chosen: Tried | undefined;
  for (const [one, release] of tries) {
    const tried = await tryOut(common, release, one, parts);
    chosen ??= tried;
    if (isRefused(tried.walk)) continue;
    chosen = tried;
    break;
  }
  if (chosen === undefined) return { text: renderAnswers(answered), isSerial: true, takesUnverified: true };
  const refused = fieldErrorsOfWalk(chosen.lines, chosen.walk, chosen.mode);
  parts.wrong.more(refused.count - refused.told.length);
  for (const { line, message } of refused.told)
    parts.wrong.add((line === undefined ? undefined : chosen.lines[line]?.pointer) ?? pointer, message);
  const { lines, walk: done } = chosen;
  const facts = installerFacts(parts.machine, common.looked, where.number, parts.host);
  judgeRootLayout(done, lines, facts, parts);
  if (parts.wrong.isEmpty() && mode !== undefined) neverInstalled(chosen, parts);
  const unverified = keyOf('Continue without verification');
  return {
    text: chosen.text,
    isSerial: done.isSerial,
    takesUnverified: lines.some(({ key }) => key.endsWith(unverified)),
  };
};
