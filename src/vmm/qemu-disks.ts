/** Disk images by qemu-img. */

import { open, rm } from 'node:fs/promises';
import { asFault, Fault } from '../fault.ts';
import { runProgram } from '../program.ts';
import type { DiskFile, DiskSpec } from './types.ts';

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

export const makeQemuDisks = (qemuImg: string) => {
  const run = async (args: readonly string[], signal: AbortSignal) =>
    void (await runProgram(qemuImg, args, { signal }));

  /** See `Hypervisor.createDisk`. */
  const createDisk = async ({ path, format, sizeMb, base }: DiskSpec, signal: AbortSignal): Promise<void> => {
    const doing = `Making the disk ${path}`;
    if (base !== undefined && format !== 'qcow2')
      throw new Fault('disk_failed', `${doing} failed: only a qcow2 image can have a base, and this is ${format}.`);
    if (base === undefined && sizeMb === undefined)
      throw new Fault('disk_failed', `${doing} failed: it has neither a size nor a base.`);
    await fresh(doing, path, signal, () =>
      run(
        [
          ...['create', '-q', '-f', format, '-o'],
          format === 'qcow2' ? `${qcow2Options},preallocation=off` : 'preallocation=off',
          ...(base === undefined ? [] : ['-b', base.path, '-F', base.format]),
          path,
          ...(sizeMb === undefined ? [] : [`${sizeMb}M`]),
        ],
        signal,
      ),
    );
  };

  /** See `Hypervisor.convertDisk`. Zeros are left out; a cluster that the source has not allocated is not written. */
  const convertDisk = (from: DiskFile, to: DiskFile, signal: AbortSignal): Promise<void> =>
    fresh(`Writing ${to.path}`, to.path, signal, () =>
      run(
        [
          ...['convert', '-q', '-f', from.format, '-O', to.format],
          ...(to.format === 'qcow2' ? ['-o', qcow2Options] : []),
          from.path,
          to.path,
        ],
        signal,
      ),
    );

  return { createDisk, convertDisk };
};
