/** Who QEMU runs as where imaged is root on Linux: nobody who owns anything on the host. */

import { chown, readFile, stat } from 'node:fs/promises';
import { asFault, Fault } from '../../../base/fault.ts';
import { identityOf, type Identity } from '../../../base/identity.ts';
import { runProgram } from '../../../base/program.ts';
import type { Accelerator } from '../argv.ts';

export type ProgramCommand = { readonly file: string; readonly args: readonly string[]; readonly as?: Identity };

export type QemuUser = {
  /** The user of a slot's machine. */
  readonly of: (slot: number) => Identity;
  /** The command as that user's, without capabilities and without a way to get any. */
  readonly lower: (command: ProgramCommand, slot: number, accelerator: Accelerator | 'none') => Promise<ProgramCommand>;
};

/** No distribution and no container manager gives these away (systemd, "Users, Groups, UIDs and GIDs": unused). */
const firstOwnUid = 1_900_000_000;

const deviceOf = { kvm: '/dev/kvm', hvf: undefined, tcg: undefined, none: undefined } as const;

const nobody: Identity = { uid: 65_534, gid: 65_534 };

/** The one group that opens the accelerator's device, where not everybody may; never root's. */
const groupFor = async (accelerator: keyof typeof deviceOf): Promise<number | undefined> => {
  const device = deviceOf[accelerator];
  const found = device === undefined ? undefined : await stat(device).catch(() => undefined);
  if (found === undefined || found.gid === 0) return undefined;
  return (found.mode & 0o006) !== 0o006 && (found.mode & 0o060) === 0o060 ? found.gid : undefined;
};

/** By setpriv(1), which becomes the command: the bounding set has to go while there is still somebody to take it away. */
const bySetpriv = (
  { file, args }: ProgramCommand,
  { uid, gid }: Identity,
  group: number | undefined,
): ProgramCommand => ({
  file: 'setpriv',
  args: [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    group === undefined ? '--clear-groups' : `--groups=${group}`,
    ...['--inh-caps=-all', '--bounding-set=-all', '--no-new-privs', '--', file, ...args],
  ],
});

/** By Node, which drops all groups: no_new_privs comes with QEMU's own filter then. */
const byNode = ({ file, args }: ProgramCommand, { uid, gid }: Identity, group: number | undefined): ProgramCommand => ({
  file,
  args,
  as: { uid, gid: group ?? gid },
});

const ways = [bySetpriv, byNode];

export const isRootOnLinux = (): boolean => process.platform === 'linux' && process.getuid?.() === 0;

/** In a user namespace of one user (user_namespaces(7)) there is nobody else to be, and root is an ordinary user's. */
export const isAlone = async (): Promise<boolean> =>
  /^\s*\d+\s+\d+\s+1\s*$/.test(await readFile('/proc/self/uid_map', 'utf8'));

/**
 * `user` is that of the configuration, `binary` what it is to run. Undefined: QEMU runs as imaged does. Throws
 * `hypervisor_unavailable`.
 */
export const findUser = async (
  user: string | number | undefined,
  binary: string,
  signal: AbortSignal,
): Promise<QemuUser | undefined> => {
  if (!isRootOnLinux() || (user === undefined && (await isAlone()))) return undefined;
  const named = user === undefined ? undefined : await identityOf(user, signal);
  if (user !== undefined && named === undefined)
    throw new Fault('hypervisor_unavailable', `There is no user ${user} that QEMU could run as.`);
  const each = (slot: number): Identity => named ?? { uid: firstOwnUid + slot, gid: firstOwnUid + slot };
  let why = '';
  // In a container without these numbers, they are refused: then it is the last number that such a container has.
  for (const of of named === undefined ? [each, () => nobody] : [each])
    for (const way of ways) {
      try {
        const { file, args, as } = way({ file: binary, args: ['--version'] }, of(0), undefined);
        await runProgram(file, args, { signal, ...(as === undefined ? {} : { as }) });
        return { of, lower: async (command, slot, accelerator) => way(command, of(slot), await groupFor(accelerator)) };
      } catch (error) {
        signal.throwIfAborted();
        why = asFault(error).message;
      }
    }
  throw new Fault('hypervisor_unavailable', `QEMU cannot be run as another user than root: ${why}`);
};

/** The command as it is, where QEMU runs as imaged does. */
export const lowered = async (
  user: QemuUser | undefined,
  command: ProgramCommand,
  slot: number,
  accelerator: Accelerator | 'none',
): Promise<ProgramCommand> => (user === undefined ? command : user.lower(command, slot, accelerator));

/** Gives a folder or a file that imaged has just made to the user of a slot. */
export const giveTo = async (path: string, user: QemuUser | undefined, slot: number): Promise<void> => {
  if (user === undefined) return;
  const { uid, gid } = user.of(slot);
  await chown(path, uid, gid);
};
