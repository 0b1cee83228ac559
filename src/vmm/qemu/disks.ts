/** Disk images by qemu-img. */

import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asFault, Fault } from '../../base/fault.ts';
import { runProgram } from '../../base/program.ts';
import { imageName, linkLayers, unlinkLayers } from './image-file.ts';
import { checkAlone, openLayers, type ImageLayers } from './layers.ts';
import { percentReader } from '../../base/machine/qemu-percent.ts';
import type { Disk, DiskSpec, Hypervisor } from '../types.ts';

// What vmd's qcow2 reads as well (openbsd-vmm.md): version 3, clusters of 64 KiB, nothing lazy.
const qcow2Options = 'compat=1.1,cluster_size=65536,lazy_refcounts=off';

const failed = (doing: string, error: unknown): Fault => {
  if (error instanceof Fault && error.code === 'program_missing') return error;
  const said = error instanceof Fault ? String(error.facts.stderr ?? error.message) : '';
  if (/No space left on device|Disk quota exceeded/.test(said))
    return new Fault(
      'storage_full',
      `The disk is full: ${doing}. Free some space, then try again.`,
      {},
      { cause: error },
    );
  const fault = asFault(error);
  if (fault.code === 'storage_full') return fault;
  return new Fault('disk_failed', `${doing} failed: ${said.trim() || fault.message}`, fault.facts, { cause: error });
};

/**
 * Makes the file first, so that nobody's file is ever written over and only its owner reads it, then lets `fill` fill
 * it, and sees it on the disk. A file that could not be filled is removed.
 */
const fresh = async (doing: string, path: string, signal: AbortSignal, fill: () => Promise<void>): Promise<void> => {
  signal.throwIfAborted();
  const made = await open(path, 'wx', 0o600).catch((error: unknown) => {
    throw failed(doing, error);
  });
  await made.close();
  try {
    await fill();
    await using file = await open(path, 'r+');
    await file.sync();
  } catch (error) {
    await rm(path, { force: true });
    signal.throwIfAborted();
    throw failed(doing, error);
  }
};

/** The layers beneath a disk, open so long as they are needed; none where it stands on its own. */
const layersBeneath = async ({ base }: Disk): Promise<ImageLayers> =>
  base === undefined ? { layers: [], [Symbol.asyncDispose]: () => Promise.resolve() } : openLayers(base);

export const makeQemuDisks = (qemuImg: string) => {
  const run = async (
    args: readonly string[],
    cwd: string,
    signal: AbortSignal,
    onBytes?: (bytes: Uint8Array) => void,
  ) => void (await runProgram(qemuImg, args, { cwd, signal, ...(onBytes === undefined ? {} : { onBytes }) }));

  /** See `Hypervisor.createDisk`. */
  const createDisk = async (disk: DiskSpec, signal: AbortSignal): Promise<void> => {
    const { path, format, sizeMb, base } = disk;
    const doing = `Making the disk ${path}`;
    if (base !== undefined && format !== 'qcow2')
      throw new Fault('disk_failed', `${doing} failed: only a qcow2 image can have a base, and this is ${format}.`);
    if (base === undefined && sizeMb === undefined)
      throw new Fault('disk_failed', `${doing} failed: it has neither a size nor a base.`);
    await using beneath = await layersBeneath(disk);
    const [top] = beneath.layers;
    const size = sizeMb === undefined ? String(top?.virtualBytes ?? 0) : `${sizeMb}M`;
    await fresh(doing, path, signal, async () => {
      try {
        // Not opened (-u): what the base needs beneath it is told to each program, never read out of a header by it.
        const over = top === undefined ? [] : ['-u', '-b', await linkLayers(path, beneath.layers), '-F', top.format];
        const how = format === 'qcow2' ? `${qcow2Options},preallocation=off` : 'preallocation=off';
        await run(['create', '-q', '-f', format, '-o', how, ...over, path, size], dirname(path), signal);
      } catch (error) {
        await unlinkLayers(path, beneath.layers);
        throw error;
      }
    });
  };

  /** See `Hypervisor.convertDisk`. Zeros are left out; a cluster that the source has not allocated is not written. */
  const convertDisk: Hypervisor['convertDisk'] = async (from, to, signal, onPercent) => {
    if (from.base === undefined) await checkAlone(from);
    await using beneath = await layersBeneath(from);
    if (beneath.layers.length > 0) await linkLayers(from.path, beneath.layers);
    await fresh(`Writing ${to.path}`, to.path, signal, () =>
      run(
        [
          ...['convert', onPercent === undefined ? '-q' : '-p', '-O', to.format],
          ...(to.format === 'qcow2' ? ['-o', qcow2Options] : []),
          imageName(from, beneath.layers),
          to.path,
        ],
        dirname(from.path),
        signal,
        onPercent && percentReader(onPercent),
      ),
    );
  };

  return { createDisk, convertDisk };
};
