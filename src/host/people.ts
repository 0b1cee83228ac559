import { ifThere, isDenied } from './answers.ts';
import type { FileFacts, Host, User } from './types.ts';

const rows = (text: string | undefined): readonly (readonly string[])[] =>
  (text ?? '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));

const groups = async (host: Host) =>
  rows(await ifThere(host.read('/etc/group'))).map(([name = '', , gid = '', members = '']) => ({
    name,
    gid: Number(gid),
    members: members.split(','),
  }));

const users = async (host: Host) =>
  rows(await ifThere(host.read('/etc/passwd'))).map(([name = '', , uid = '', gid = '']) => ({
    name,
    uid: Number(uid),
    gid: Number(gid),
  }));

/** The name of a group, or its number where it has none (group(5)). */
export const groupName = async (host: Host, gid: number): Promise<string> =>
  (await groups(host)).find((group) => group.gid === gid)?.name ?? String(gid);

/** The name of a user, or its number where it has none (passwd(5)). */
export const userName = async (host: Host, uid: number): Promise<string> =>
  (await users(host)).find((user) => user.uid === uid)?.name ?? String(uid);

/** A user with all their groups, by name; undefined when there is none. */
const userNamed = async (host: Host, name: string): Promise<User | undefined> => {
  const user = (await users(host)).find((row) => row.name === name);
  if (user === undefined) return undefined;
  const more = (await groups(host)).filter(({ members }) => members.includes(name)).map(({ gid }) => gid);
  return { name, uid: user.uid, gids: [user.gid, ...more] };
};

/** The user that a port or a package makes for the daemon. */
export const usualUser = '_imaged';

const root: User = { name: 'root', uid: 0, gids: [0] };

/**
 * Who runs the daemon, as seen from outside: the owner of `dataDir`; where that is root or there is none yet, the user that runs this;
 * and where root asks, the usual user. Undefined when OpenBSD has no such user; elsewhere it is root then.
 */
export const daemonUser = async (host: Host, dataDir: string): Promise<User | undefined> => {
  const owner = (await ifThere(host.stat(dataDir)))?.uid ?? 0;
  const { uid, gids } = host.self;
  if (owner !== 0 && owner !== uid) return userNamed(host, await userName(host, owner));
  if (uid !== 0) return { name: await userName(host, uid), uid, gids };
  return (await userNamed(host, usualUser)) ?? (host.platform === 'openbsd' ? undefined : root);
};

const bitOf = { read: 4, write: 2, search: 1 } as const;

/** What a user may be allowed to do with a file or folder. */
export type Access = keyof typeof bitOf;

/** Whether owner, group and other bits let the user do all of this: the first class that fits decides (chmod(2)). */
export const may = (user: User, { mode, uid, gid }: FileFacts, ...accesses: readonly Access[]): boolean => {
  if (user.uid === 0) return true;
  const shift = user.uid === uid ? 6 : user.gids.includes(gid) ? 3 : 0;
  return accesses.every((access) => ((mode >> shift) & bitOf[access]) !== 0);
};

const look = async (
  host: Host,
  user: User,
  path: string,
  ...accesses: readonly Access[]
): Promise<'missing' | 'denied' | undefined> => {
  const parts = path.split('/').filter((part) => part !== '');
  for (let depth = 0; depth < parts.length; depth++) {
    const above = await ifThere(host.stat(`/${parts.slice(0, depth).join('/')}`));
    if (above === undefined) return 'missing';
    if (!may(user, above, 'search')) return 'denied';
  }
  const facts = await ifThere(host.stat(path));
  if (facts === undefined) return 'missing';
  return may(user, facts, ...accesses) ? undefined : 'denied';
};

/**
 * Why the user may not do this at the path, or undefined when they may: every folder above must let them through.
 * Throws EACCES where this process runs as another user, which may not look.
 */
export const whyNot = (
  host: Host,
  user: User,
  path: string,
  ...accesses: readonly Access[]
): Promise<'missing' | 'denied' | undefined> =>
  look(host, user, path, ...accesses).catch((error: unknown) => {
    if (host.self.uid === user.uid && isDenied(error)) return 'denied';
    throw error;
  });
