/** Disk images by vmctl(8), which asks vmd for nothing here. */

import { rm, stat } from 'node:fs/promises';
import { unlessErrno } from '../../base/errno.ts';
import { asFault, Fault } from '../../base/fault.ts';
import { runProgram } from '../../base/program.ts';
import { isHeld } from './file-lock.ts';
import type { Disk, DiskFile, DiskSpec } from '../types.ts';
import { copyArgv, createArgv } from './argv.ts';
import { hasBase, mostLayersOfBase, whyUnusable } from './image.ts';
import { linkBase } from './links.ts';

const failed = (doing: string, error: unknown): Fault => {
  if (error instanceof Fault && error.code === 'program_missing') return error;
  const said = error instanceof Fault ? (error.facts.stderr ?? error.message) : '';
  const words = said.replaceAll(/^vmctl: /gm, '').trim();
  if (/No space left on device|Disc quota exceeded|Disk quota exceeded/.test(said))
    return new Fault(
      'storage_full',
      `The disk is full: ${doing}. Free some space, then try again.`,
      {},
      { cause: error },
    );
  const fault = asFault(error);
  if (fault.code === 'storage_full' || fault.code === 'disk_failed') return fault;
  return new Fault('disk_failed', `${doing} failed: ${words || fault.message}`, fault.facts, { cause: error });
};

const isThere = async (path: string): Promise<boolean> => (await unlessErrno(stat(path), 'ENOENT')) !== undefined;

/** Why this image cannot be what a new disk begins with; undefined when it can. It is left as it is. */
export const whyNoBase = async (base: DiskFile, signal: AbortSignal): Promise<string | undefined> =>
  (await whyUnusable(base, { layers: mostLayersOfBase, looksInside: true }, signal)) ??
  ((await isHeld(base.path, signal))
    ? 'is in use: another program has it open for writing, and whatever it writes would damage the disks made of it'
    : undefined);

export const makeVmdDisks = (vmctl: string) => {
  const make = async (doing: string, path: string, args: readonly string[], signal: AbortSignal): Promise<void> => {
    // vmctl never overwrites, but what it leaves of a copy that failed is ours to remove, and only that.
    if (await isThere(path)) throw new Fault('disk_failed', `${doing} failed: File exists.`, { path });
    try {
      await runProgram(vmctl, args, { signal });
    } catch (error) {
      await rm(path, { force: true });
      signal.throwIfAborted();
      throw failed(doing, error);
    }
  };

  /** See `Hypervisor.createDisk`. An overlay is always as large as its base, so a larger disk is a copy. */
  const createDisk = async (disk: DiskSpec, signal: AbortSignal): Promise<void> => {
    const { path, format, sizeMb, base } = disk;
    const doing = `Making the disk ${path}`;
    if (base === undefined && sizeMb === undefined)
      throw new Fault('disk_failed', `${doing} failed: it has neither a size nor a base.`);
    if (base === undefined) return make(doing, path, createArgv(disk), signal);
    const why = await whyNoBase(base, signal);
    if (why !== undefined) throw new Fault('disk_failed', `${doing} failed: its base ${base.path} ${why}.`);
    const linked = await linkBase(disk, base);
    const over = (image: DiskFile) => createArgv({ ...image, base: linked });
    if (format === 'qcow2' && base.format === 'qcow2' && sizeMb === undefined)
      return make(doing, path, over(disk), signal);
    if (!(await hasBase(base))) return make(doing, path, copyArgv(linked, disk, sizeMb), signal);
    // vmctl looks for a relative name beside the link; from beneath an overlay it comes by the image's own path.
    const between = { path: `${path}.over`, format: 'qcow2' } as const;
    await make(doing, between.path, over(between), signal);
    try {
      await make(doing, path, copyArgv(between, disk, sizeMb), signal);
    } finally {
      await rm(between.path, { force: true });
    }
  };

  /** See `Hypervisor.convertDisk`. */
  const convertDisk = (from: Disk, to: DiskFile, signal: AbortSignal): Promise<void> =>
    make(`Writing ${to.path}`, to.path, copyArgv(from, to), signal);

  return { createDisk, convertDisk };
};
