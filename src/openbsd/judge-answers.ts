import type { FieldErrors } from '../base/field-errors.ts';
import type { TurnPause } from '../base/turns.ts';
import type { ContextHostFacts } from '../context/files.ts';
import type { HttpEntry, Text } from '../template/spec.ts';
import { additionsFor, withAdditions, type Addition, type AdditionFacts } from './installer/additions.ts';
import { fieldErrorsOfWalk, isRefused, type LineError } from './installer/field-errors.ts';
import { indexOf, keyOf, namesEndpoint, type Index, type InstallerLine } from './installer/lines.ts';
import { judgeLogin } from './installer/login.ts';
import {
  diskName,
  installerFacts,
  judgeRootLayout,
  lookAt,
  type InstallerLooked,
  type MachineParts,
} from './installer/machine.ts';
import { modeOf } from './installer/turns.ts';
import { passedOver } from './installer/unused.ts';
import { numberOf, walk, type Walk } from './installer/walk.ts';
import { releasesFor } from './releases.ts';
import type { Release } from '../base/openbsd/releases.ts';
import { renderAnswers, type AnsweredFile } from './response-file.ts';
import { siteSetsFor, valueFor, whereOf, type Where } from './sets-source.ts';

export type JudgeParts = {
  readonly templateName: string;
  readonly machine: MachineParts;
  /** All else that the endpoint serves. */
  readonly entries: readonly HttpEntry[];
  /** Where the template has what is served under a path. */
  readonly pointerOf: (path: string) => string;
  /** The user that logs in by ssh; undefined: there is no login. */
  readonly username: string | undefined;
  readonly disklabelPaths: readonly string[];
  readonly host: ContextHostFacts;
  /** What is wrong with other files that the answers name: a template for disklabel, a site set. */
  readonly wrong: FieldErrors;
  readonly pause: TurnPause;
};

/** A response file as the installer would read it, each finding by the index of its line. */
export type Judged = {
  /** With the lines that imaged adds. */
  readonly text: Text;
  /** The installed system speaks on the serial line. */
  readonly isSerial: boolean;
  /** Sets that cannot be verified are what the answers want. */
  readonly takesUnverified: boolean;
  readonly errors: { readonly told: readonly LineError[]; readonly count: number };
  /** Why no login would be possible; `isSure`: nothing else of the installation could change that. */
  readonly login: { readonly told: readonly LineError[]; readonly isSure: boolean };
  /** What the installer passes over, and what may not be what was meant. */
  readonly remarks: readonly LineError[];
};

type Tried = {
  readonly added: readonly Addition[];
  readonly lines: readonly InstallerLine[];
  readonly walk: Walk;
  readonly mode: 'install' | 'upgrade';
};

/** What is the same for every release and both modes. */
type Common = {
  readonly own: readonly InstallerLine[];
  readonly index: Index;
  readonly where: Where;
  readonly looked: InstallerLooked;
  readonly additions: readonly Addition[];
};

const additionFacts = (lines: readonly InstallerLine[], where: Where, parts: JudgeParts): AdditionFacts => {
  const { machine, entries, host, disklabelPaths, username, templateName } = parts;
  const isServed = where.directory !== undefined || host.hasMirror === true;
  const { hasCdrom, isNetbooted, interfaces } = installerFacts(machine, lookAt(entries, host), where.number, host);
  return {
    templateName,
    username,
    rootDisk: machine.disks.length === 0 ? undefined : diskName(machine, 0),
    needsGpt: machine.firmware === 'uefi' && machine.disks[0]?.base === undefined,
    disklabelPath: disklabelPaths.length === 1 ? disklabelPaths[0] : undefined,
    sets: isServed && interfaces.length > 0 ? { directory: where.directory } : undefined,
    siteSets: siteSetsFor(lines, where, entries),
    isCdDefault: hasCdrom && interfaces.length > 0 && !isNetbooted,
  };
};

const tryOut = async (
  { own, index, where, looked, additions }: Common,
  release: Release,
  mode: 'install' | 'upgrade',
  parts: JudgeParts,
): Promise<Tried> => {
  const number = where.number === '' ? numberOf(release) : where.number;
  const facts = { ...installerFacts(parts.machine, looked, number, parts.host), release, mode };
  const walkOf = (lines: readonly InstallerLine[]) => walk(lines, facts, number, index);
  return { ...(await withAdditions(own, additions, walkOf, parts.pause)), mode };
};

/** The reading of the newest release that takes all answers and passes over the fewest; else that of the newest of all. */
const readingOf = async (common: Common, path: string, parts: JudgeParts): Promise<Tried | undefined> => {
  const mode = modeOf(path);
  const modes = mode === undefined ? (['install', 'upgrade'] as const) : [mode];
  const tries = modes.flatMap((one) => releasesFor(common.where.release).map((release) => [one, release] as const));
  let first: Tried | undefined;
  let best: Tried | undefined;
  for (const [one, release] of tries) {
    const tried = await tryOut(common, release, one, parts);
    first ??= tried;
    if (isRefused(tried.walk)) continue;
    if (best === undefined || tried.walk.unused.length < best.walk.unused.length) best = tried;
    if (best.walk.unused.length === 0) break;
  }
  return best ?? first;
};

const judgeSiteSets = ({ walk: done, lines }: Tried, parts: JudgeParts) => {
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

const remarksOf = ({ walk: done, lines, mode }: Tried): readonly LineError[] => [
  ...Array.from(passedOver(lines, done, mode), ([line, message]) => ({ line, message })),
  ...done.remarks,
];

/**
 * Judges a response file as the installer would read it on this machine. `mayAdd`: imaged answers by itself what the
 * lines leave open. Where the release is not known, one is enough that takes all answers, and the newest one's field
 * errors are told. Undefined where there is no release to read it as.
 */
export const judgeAnswers = async (
  path: string,
  answered: readonly AnsweredFile[],
  parts: JudgeParts,
  mayAdd: 'may add' | 'as it is',
): Promise<Judged | undefined> => {
  const own = answered.map(({ line }) => line);
  const where = whereOf(own, parts);
  const common: Common = {
    own,
    index: indexOf(own),
    where,
    looked: lookAt(parts.entries, parts.host),
    additions: mayAdd === 'may add' ? additionsFor(additionFacts(own, where, parts)) : [],
  };
  const read = await readingOf(common, path, parts);
  if (read === undefined) return undefined;
  const { lines, walk: done, mode } = read;
  const errors = fieldErrorsOfWalk(lines, done);
  judgeRootLayout(done, lines, installerFacts(parts.machine, common.looked, where.number, parts.host), parts);
  if (errors.count === 0 && parts.wrong.isEmpty() && modeOf(path) !== undefined) judgeSiteSets(read, parts);
  const unverified = keyOf('Continue without verification');
  return {
    text: renderAnswers([...answered, ...read.added]),
    isSerial: done.isSerial,
    takesUnverified: lines.some(({ key }) => key.endsWith(unverified)),
    errors,
    login: judgeLogin(done, mode, parts.username, errors.told),
    remarks: remarksOf(read),
  };
};
