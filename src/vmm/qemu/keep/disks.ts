/** The disks of a running machine, each of which goes on with an overlay when what it was until then comes to rest. */

import { link, lstat, readlink, realpath, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { isErrno } from '../../../base/errno.ts';
import { Fault } from '../../../base/fault.ts';
import { nameFrom } from '../../../base/file/name-from.ts';
import { readQcow2Header } from '../../../base/qcow2-header.ts';
import { openRegular } from '../open-regular.ts';
import type { QemuUser } from '../process/user.ts';
import type { Disk } from '../../types.ts';

/** The name of the image beneath, where that is one beside the disk, as qemu-img was told it. */
const nameBeneath = async ({ path, format }: Disk): Promise<string | undefined> => {
  if (format !== 'qcow2') return undefined; // what looks like a header is the guest's
  const { handle } = await openRegular(path, 'read');
  try {
    const header = await readQcow2Header(handle);
    const name = header === undefined || 'why' in header ? undefined : header.backing?.name;
    return name === undefined || isAbsolute(name) || name !== basename(name) ? undefined : name;
  } finally {
    await handle.close();
  }
};

/** Makes something of a name unless that is there already; true when it was made. */
const unlessThere = async (make: Promise<void>, isSame: () => Promise<boolean>): Promise<boolean> => {
  try {
    await make;
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST') && (await isSame())) return false;
    throw error;
  }
};

/**
 * Gives the file of a disk the name at which it is to be for ever, and puts a link beside it to the image beneath, which its
 * header names as one beside it. Gives the names that were made.
 */
export const nameRest = async (disk: Disk, rest: string): Promise<readonly string[]> => {
  const { path } = disk;
  if (path === rest) return [];
  const made: string[] = [];
  try {
    const isSameFile = async () => (await stat(path)).ino === (await lstat(rest)).ino;
    if (await unlessThere(link(path, rest), isSameFile)) made.push(rest);
    const name = await nameBeneath(disk);
    if (name === undefined) return made;
    const beneath = nameFrom(await realpath(dirname(rest)), await realpath(join(dirname(path), name)));
    const beside = join(dirname(rest), name);
    const isSameLink = async () => (await readlink(beside).catch(() => '')) === beneath;
    if (await unlessThere(symlink(beneath, beside), isSameLink)) made.push(beside);
    return made;
  } catch (error) {
    for (const path of made) await rm(path, { force: true });
    if (isErrno(error, 'EXDEV'))
      throw new Fault('hypervisor_failed', `${path} and ${rest} are on two file systems: a disk is kept on its own.`);
    throw error;
  }
};

/**
 * Lets QEMU open a file of imaged's by a name of its own folder, for so long as `use` takes: what it has open then is all
 * that it has of it. The file is another user's meanwhile, by its descriptor: no name in that folder is believed.
 */
export const lend = async (
  path: string,
  { own, name, owner }: { readonly own: string; readonly name: string; readonly owner: ReturnType<QemuUser['of']> | undefined }, // prettier-ignore
  use: () => Promise<void>,
): Promise<void> => {
  const { handle } = await openRegular(path, 'write');
  try {
    const was = await handle.stat();
    await link(path, join(own, name)).catch((cause: unknown) => {
      if (!isErrno(cause, 'EXDEV')) throw cause;
      const message = `${path} is on another file system than ${own}: a machine is kept where run_dir is on that of its disks.`;
      throw new Fault('hypervisor_failed', message, {}, { cause });
    });
    try {
      if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
      await use();
    } finally {
      await rm(join(own, name), { force: true });
      if (owner !== undefined) {
        await handle.chown(was.uid, was.gid);
        await handle.chmod(was.mode & 0o777);
      }
    }
  } finally {
    await handle.close();
  }
};
