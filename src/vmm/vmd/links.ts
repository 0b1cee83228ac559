/**
 * Names of imaged's own for files whose names clients may have chosen: vmctl(8) is told the link. It follows a link to a
 * kernel, an ISO image or a disk as it does any path, and vmd finds out by realpath(3) what lies beneath a base.
 */

import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSeed } from '../seed.ts';
import type { DiskFile, MachineSpec } from '../types.ts';

const link = async (target: string, name: string): Promise<string> => {
  await rm(name, { force: true });
  await symlink(target, name);
  return name;
};

/** The machine with links in its own folder for its kernel and its ISO image, which may be that of cloud-init, or one that the build has made. */
export const linkMedia = async (spec: MachineSpec): Promise<MachineSpec> => {
  const { folder, boot, cdrom, cdOfFiles } = spec;
  const seed = await writeSeed(spec, undefined);
  return {
    ...spec,
    ...(seed === undefined ? {} : { cdrom: seed }),
    ...(cdOfFiles === undefined ? {} : { cdrom: cdOfFiles }),
    ...(cdrom === undefined ? {} : { cdrom: await link(cdrom, join(folder, 'cdrom.iso')) }),
    ...(boot.kernel === undefined
      ? {}
      : { boot: { ...boot, kernel: await link(boot.kernel, join(folder, 'kernel')) } }),
  };
};

/** A link beside the disk for the image that it begins with. */
export const linkBase = async (disk: DiskFile, base: DiskFile): Promise<DiskFile> => ({
  path: await link(base.path, `${disk.path}.base`),
  format: base.format,
});
