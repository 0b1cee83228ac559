/** Programs of a template on the host itself, where the configuration lets templates run some. */

import { lchown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Identity } from '../../base/identity.ts';
import { runProgram } from '../../base/program.ts';
import type { HostUser, HostWork } from '../../provisioners/kind.ts';
import { isAlone, isRootOnLinux } from '../../vmm/qemu/user.ts';

/** Beside those that QEMU has: what runs for one slot may not touch its machine. */
const firstUid = 1_900_100_000;

/** For a program that needs a user with a name: ssh(1) ends where getpwuid(3) finds none. */
const nobody: Identity = { uid: 65_534, gid: 65_534 };

/** Who the programs of a slot run as; undefined: as the daemon. */
const userOf = async (slot: number, who: HostUser): Promise<Identity | undefined> => {
  if (!isRootOnLinux() || (await isAlone())) return undefined;
  return who === 'nobody' ? nobody : { uid: firstUid + slot, gid: firstUid + slot };
};

const giveFolder = async (folder: string, { uid, gid }: Identity): Promise<void> => {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    await lchown(join(entry.parentPath, entry.name), uid, gid);
  await lchown(folder, uid, gid);
};

/** The environment is the template's, so it is given to nothing that still is root: the user comes first. */
const lowered = (file: string, args: readonly string[], user: Identity | undefined) =>
  user === undefined
    ? { file, args }
    : { file: '/usr/bin/setpriv', args: ['--no-new-privs', '--', file, ...args], as: user };

/** What it wrote is removed by who wrote it: root would follow what such a user puts in its way meanwhile. */
const remove = async (folder: string, user: Identity | undefined): Promise<void> => {
  const { signal } = new AbortController();
  if (user !== undefined)
    await runProgram('/bin/rm', ['-rf', '--', folder], { signal, as: user, cwd: '/', accept: 'any' });
  await rm(folder, { recursive: true, force: true });
};

/**
 * Does a work for the build in a slot. Its folder is below the host's folder for temporary files, for other users may not
 * come into those of the daemon.
 */
export const onHost = async (slot: number, who: HostUser, work: (host: HostWork) => Promise<void>): Promise<void> => {
  const user = await userOf(slot, who);
  const folder = await mkdtemp(join(tmpdir(), 'imaged-host-'));
  try {
    await work({
      folder,
      run: async (file, args, env, onLines, signal) => {
        if (user !== undefined) await giveFolder(folder, user);
        const { file: program, ...how } = lowered(file, args, user);
        const own = { HOME: folder, TMPDIR: folder, ...env };
        const { exitCode } = await runProgram(program, how.args, {
          ...{ signal, cwd: folder, env: own, onLines, accept: 'any', endsGroup: true },
          ...('as' in how ? { as: how.as } : {}),
        });
        return { exitCode };
      },
    });
  } finally {
    await remove(folder, user);
  }
};
