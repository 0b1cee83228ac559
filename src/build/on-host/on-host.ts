/** Programs of a template on the host itself, where the configuration lets templates run some. */

import { lchown, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Identity } from '../../base/identity.ts';
import { checkProgram, runProgram } from '../../base/program.ts';
import type { HostUser, HostWork } from '../../provisioners/kind.ts';
import { isAlone, isRootOnLinux } from '../../vmm/qemu/process/user.ts';
import { hostFiles } from './host-files.ts';
import { makeHostFolder, removeHostFolder } from './host-folder.ts';
import { hasNamespaces, inNamespace } from './namespace.ts';

/** Beside those that QEMU has: what runs for one slot may not touch its machine. */
const firstUid = 1_900_100_000;

/** For a program that needs a user with a name: ssh(1) ends where getpwuid(3) finds none. */
const nobody: Identity = { uid: 65_534, gid: 65_534 };

type Runner = {
  /** Who the host's kernel takes it for; undefined: the daemon's own user. */
  readonly user: Identity | undefined;
  /** Who it is in namespaces of its own; undefined: the kernel gives none. */
  readonly shown: Identity | undefined;
};

const own = (): Identity => ({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });

/**
 * Who the programs of a slot run as. In a namespace the user of a slot passes for one with a name, and no slot reaches the
 * files of another; where there are none, all that want a name share one.
 */
const runnerOf = async (slot: number, who: HostUser): Promise<Runner> => {
  const user = isRootOnLinux() && !(await isAlone()) ? { uid: firstUid + slot, gid: firstUid + slot } : undefined;
  const shown = user === undefined ? own() : who === 'nobody' ? nobody : user;
  if (await hasNamespaces(user, shown)) return { user, shown };
  return { user: user === undefined ? undefined : shown, shown: undefined };
};

const giveTo = async (folder: string, { uid, gid }: Identity): Promise<void> => {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    await lchown(join(entry.parentPath, entry.name), uid, gid);
  await lchown(folder, uid, gid);
};

// However the daemon ends, kill -9 and all, the pipe that it holds open ends with it, and its reader takes the whole process
// group along, and with it what has left the group for a session of its own, where there is a namespace.
const guard = `
exec 3<&0 </dev/null
"$@" 3<&- & program=$!
{ read -r _ <&3; kill -KILL 0; } >/dev/null 2>&1 &
wait "$program"
`;

/** The environment is the template's, so it is given to nothing that still is root: the user comes first. */
const lowered = (words: readonly string[], { user, shown }: Runner) => {
  const apart = shown === undefined ? words : inNamespace(words, shown);
  const guarded = ['/bin/sh', '-c', guard, 'sh', ...apart] as const;
  return user === undefined
    ? { file: guarded[0], args: guarded.slice(1) }
    : { file: '/usr/bin/setpriv', args: ['--no-new-privs', '--', ...guarded], as: user };
};

/** Does a work for the build in a slot, in a folder that its workspace holds or names, and that goes with the work. */
export const onHost = async (
  { slot, workspace }: { readonly slot: number; readonly workspace: string },
  who: HostUser,
  work: (host: HostWork) => Promise<void>,
): Promise<void> => {
  const runner = await runnerOf(slot, who);
  const { user } = runner;
  const folder = await makeHostFolder(workspace, user);
  try {
    await work({
      folder,
      ...hostFiles(folder, user),
      run: async (file, args, env, onLines, signal) => {
        await checkProgram(file);
        if (user !== undefined) await giveTo(folder, user);
        const { file: program, ...how } = lowered([file, ...args], runner);
        const whole = { HOME: folder, TMPDIR: folder, ...env };
        const { exitCode } = await runProgram(program, how.args, {
          ...{ signal, cwd: folder, env: whole, input: { held: true }, onLines, accept: 'any', endsGroup: true },
          ...('as' in how ? { as: how.as } : {}),
        });
        return { exitCode };
      },
    });
  } finally {
    await removeHostFolder(workspace, folder);
  }
};
