/** The disks of a machine that is at rest, in the folder of a layer, and new ones over them. */

import { realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nameFrom } from '../../base/file/name-from.ts';
import { imageBeneath, nameBacking } from '../../image/disk/backing.ts';
import type { Disk } from '../../vmm/types.ts';
import type { StepTools } from '../attempt/tools.ts';
import type { Cut } from './cuts.ts';

/** What the file of a disk is called in the folder of a layer. */
export const restOf = ({ format }: Pick<Disk, 'format'>, at: number) => ({ file: `disk${at}.${format}`, format });

/** The disks of a machine as they are in the folder of a layer. */
export const restedIn = (folder: string, disks: readonly Disk[]): readonly Disk[] =>
  disks.map((disk, at) => ({ ...disk, path: join(folder, restOf(disk, at).file) }));

/** Where the next disk over this one is. */
export const overlayOf = (workspace: string, { part, kind, provisioners }: Cut, at: number): string =>
  join(workspace, `disk${at}-${part === 'seal' ? part : kind}-${provisioners}.qcow2`);

/** The next disk over one that is at rest in the folder of a layer. */
const overOf = (workspace: string, cut: Cut, folder: string, disk: Disk, at: number): Disk => {
  const { file, format } = restOf(disk, at);
  const base = { path: join(folder, file), format, layers: 'chain' } as const;
  return { path: overlayOf(workspace, cut, at), format: 'qcow2', base };
};

type Rested = {
  readonly from: string;
  readonly to: string;
  readonly overlay: string;
  readonly beneath: string | undefined;
};

/** Puts each disk into the folder of the layer and a new one over it; on failure all is as it was. */
export const restDisks = async (
  { workspace, disks }: { readonly workspace: string; readonly disks: readonly Disk[] },
  cut: Cut,
  folder: string,
  { hypervisor, signal }: Pick<StepTools, 'hypervisor' | 'signal'>,
): Promise<readonly Disk[]> => {
  const done: Rested[] = [];
  try {
    const over: Disk[] = [];
    for (const [at, disk] of disks.entries()) {
      const next = overOf(workspace, cut, folder, disk, at);
      const to = join(folder, restOf(disk, at).file);
      const beneath = (await imageBeneath(disk))?.path;
      // Whole until it is clear that it stays: so it is right in either folder.
      if (beneath !== undefined) await nameBacking(disk.path, beneath);
      await rename(disk.path, to);
      done.push({ from: disk.path, to, overlay: next.path, beneath });
      await hypervisor.createDisk(next, signal);
      over.push(next);
    }
    const own = await realpath(folder);
    for (const { to, beneath } of done) if (beneath !== undefined) await nameBacking(to, nameFrom(own, beneath));
    return over;
  } catch (error) {
    for (const { from, to, overlay, beneath } of done) {
      await rm(overlay, { force: true });
      if (beneath !== undefined) await nameBacking(to, beneath);
      await rename(to, from);
    }
    throw error;
  }
};
