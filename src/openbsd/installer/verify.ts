import { releases } from '../../base/openbsd/releases.ts';
import { allotted, isMounted } from '../disklabel.ts';
import type { RootDisk } from './disks.ts';
import type { InstallerFacts, SetsThere } from './facts.ts';
import type { Talk } from './talk.ts';

export const checksumQuestion = (set: string): string => `Checksum test for ${set} failed. Continue anyway?`;
const fetchQuestion = (set: string): string => `Fetching of ${set} failed. Continue anyway?`;
const anywayQuestion = (issue: string): string => `${issue}. Continue without verification?`;

/** Asks what must be answered by yes, since the installer stops otherwise. */
export const confirm = (talk: Talk, question: string, why: string) => {
  const yes = talk.askYes(question, 'no');
  if (yes === false) talk.fail(question, `is not answered by "yes", so that the installer stops: ${why}`);
};

/** Whether a file system has room for sets before they are verified (install.sub, `prefetcharea_fs_list`). */
export const hasRoomToVerify = (root: RootDisk | undefined, facts: InstallerFacts): boolean | undefined => {
  const disk = facts.disks.find(({ name }) => name === root?.name);
  if (root === undefined || disk === undefined) return undefined;
  const layout = root.template === undefined ? undefined : facts.layoutAt(root.template.value);
  if (layout === undefined && root.template !== undefined) return undefined;
  // disklabel(8) by itself makes a /home of 2 GB on a disk of 4, and has nothing as large on one of 2.
  if (layout === undefined) return disk.sizeMb >= 4096 ? true : disk.sizeMb <= 2048 ? false : undefined;
  const sizes = allotted(layout, disk.sizeMb);
  const rooms = layout.map(({ mount }, index) => {
    const mb = (sizes[index] ?? 0) / 2048;
    const isAside = /^\/(tmp|home|usr\/(src|obj|xobj))(\/|$)/.test(mount);
    const [least, most] = isAside ? [512, 1024] : [2048, 2048];
    return !isMounted(mount) || mb < least ? false : mb > most * 1.2 ? true : undefined;
  });
  return rooms.includes(true) ? true : rooms.includes(undefined) ? undefined : false;
};

/** What may be wrong with the sets of a server of which nothing is known. */
const issuesElsewhere = [
  'Directory does not contain SHA256.sig',
  'Cannot determine prefetch area',
  'Cannot create prefetch area',
  'Cannot fetch SHA256.sig',
  'Signature check of SHA256.sig failed',
];

const confirmWithoutRoom = (talk: Talk) =>
  confirm(
    talk,
    anywayQuestion('Cannot determine prefetch area'),
    'no file system has the 2 GB (or /tmp or /home the 1 GB) in which sets are kept until they are verified',
  );

/** The same, where nothing is known of the server: what it is answered for is taken as asked. */
export const maybeAskToVerify = (talk: Talk, sites: readonly string[], room: boolean | undefined): void => {
  if (room === false) {
    confirmWithoutRoom(talk);
    return;
  }
  for (const name of ['BUILDINFO', ...sites])
    [fetchQuestion(name), checksumQuestion(name)].forEach((question) => talk.maybe(question, 'no'));
  const all = [...issuesElsewhere, ...sites.map((name) => `Unverified sets: ${name}`)];
  all.some((issue) => talk.maybe(anywayQuestion(issue), 'no') !== undefined);
};

/** Whether BUILDINFO stays among what could not be verified. */
const askBuildInfo = (talk: Talk, sets: SetsThere, { release }: InstallerFacts): boolean => {
  if (!sets.listed.includes('BUILDINFO')) return false;
  const isSure = releases[release].installer.buildInfo === 'fetched';
  const isAsked = (question: string, why: string): boolean => {
    if (!isSure) return talk.maybe(question, 'no') !== undefined;
    confirm(talk, question, why);
    return true;
  };
  if (sets.has('BUILDINFO') === false) {
    isAsked(fetchQuestion('BUILDINFO'), 'BUILDINFO is listed, and it is not there');
    return false;
  }
  if (sets.signed?.includes('BUILDINFO') !== false) return false;
  return isAsked(checksumQuestion('BUILDINFO'), 'BUILDINFO is not in SHA256.sig');
};

/** The questions about sets whose sums are not known or not right (install.sub, `install_files`). */
export const askToVerify = (
  talk: Talk,
  facts: InstallerFacts,
  sets: SetsThere,
  names: readonly string[],
  room: boolean | undefined,
): void => {
  const unsigned = 'the sets cannot be verified';
  if (sets.signed === undefined) {
    confirm(talk, anywayQuestion('Directory does not contain SHA256.sig'), unsigned);
    return;
  }
  if (room === false) {
    confirmWithoutRoom(talk);
    return;
  }
  const unverified: string[] = [];
  for (const name of names) {
    if (sets.has(name) === false) confirm(talk, fetchQuestion(name), `${name} is listed, and it is not there`);
    else if (!sets.signed.includes(name)) {
      confirm(talk, checksumQuestion(name), `${name} is not in SHA256.sig`);
      unverified.push(name);
    }
  }
  if (askBuildInfo(talk, sets, facts)) unverified.push('BUILDINFO');
  if (unverified.length > 0) confirm(talk, anywayQuestion(`Unverified sets: ${unverified.join(' ')}`), unsigned);
  else if (room === undefined) talk.maybe(anywayQuestion('Cannot determine prefetch area'), 'no');
};
