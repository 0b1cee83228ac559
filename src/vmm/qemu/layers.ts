/**
 * The images beneath a disk. QEMU and qemu-img would open whatever a header names; here imaged follows the names itself,
 * opens each file, judges it, and tells QEMU of every layer and that there is no other: no header is believed again.
 */

import { realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { cleanupStack } from '../../base/cleanup.ts';
import { unlessErrno } from '../../base/errno.ts';
import { Fault } from '../../base/fault.ts';
import type { BaseImage, DiskFormat } from '../../base/hardware.ts';
import { readQcow2Header } from '../../base/qcow2-header.ts';
import { openRegular, type OpenedFile } from './open-regular.ts';

export type ImageLayer = OpenedFile & { readonly format: DiskFormat; readonly virtualBytes: number };

/** The layers of a base, the top one first, open until disposed. */
export type ImageLayers = AsyncDisposable & { readonly layers: readonly ImageLayer[] };

const mostLayers = 16;
const sectorBytes = 512;

const refuse = (path: string, why: string): never => {
  throw new Fault('disk_failed', `The image ${path} ${why}.`, { path, saw: why });
};

// What QEMU would not take for the name of a file (block.c, path_has_protocol): "json:...", "nbd:...".
const hasProtocol = (name: string): boolean => /^[^/]*:/.test(name);

type Found = {
  readonly layer: ImageLayer;
  readonly beneath: { readonly path: string; readonly format: string | undefined } | undefined;
};

const look = async (
  path: string,
  format: string | undefined,
  isTop: BaseImage['layers'] | undefined,
): Promise<Found> => {
  const file = await openRegular(path, 'read');
  try {
    const header = format === 'raw' ? undefined : await readQcow2Header(file.handle);
    if (header === undefined) {
      if (format === 'qcow2') refuse(path, 'is not a qcow2 image that can be read');
      if (format !== undefined && format !== 'raw')
        refuse(path, `is of the format "${format}": raw and qcow2 can be used`);
      const virtualBytes = Math.ceil((await file.handle.stat()).size / sectorBytes) * sectorBytes;
      return { layer: { ...file, format: 'raw', virtualBytes }, beneath: undefined };
    }
    if ('why' in header) return refuse(path, header.why);
    const { backing, virtualBytes } = header;
    if (header.isEncrypted) refuse(path, 'is encrypted');
    if (header.hasDataFile) refuse(path, 'keeps its content in a second file');
    if (backing !== undefined && isTop === 'one') refuse(path, 'needs a second file, and was sent by a client');
    if (backing !== undefined && hasProtocol(backing.name))
      refuse(path, `needs "${backing.name}", which is not the name of a file`);
    const beneath =
      backing === undefined
        ? undefined
        : // A relative name is meant from the folder of the image that has it.
          { path: await realpath(resolve(dirname(path), backing.name)), format: backing.format };
    return { layer: { ...file, format: 'qcow2', virtualBytes }, beneath };
  } catch (error) {
    await file.handle.close();
    throw error;
  }
};

/** Opens a base and all beneath it. Throws `disk_failed`; where the image can never be used, `saw` says why. */
export const openLayers = async ({ path, format, layers: allowed }: BaseImage): Promise<ImageLayers> => {
  const open = cleanupStack();
  const layers: ImageLayer[] = [];
  try {
    let next: Found['beneath'] = { path, format };
    while (next !== undefined) {
      if (layers.length === mostLayers) refuse(path, `has more than ${mostLayers} layers`);
      const { layer, beneath }: Found = await look(next.path, next.format, allowed);
      open.defer(() => layer.handle.close());
      layers.push(layer);
      next = beneath;
    }
    return { layers, [Symbol.asyncDispose]: () => open[Symbol.asyncDispose]() };
  } catch (cause) {
    await open[Symbol.asyncDispose]();
    if (cause instanceof Fault) throw cause;
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('disk_failed', `The image ${path} cannot be opened: ${words}`, { path }, { cause });
  }
};

/** Why no disk can be made of this image; undefined when one can. */
export const whyNoLayers = async (base: BaseImage): Promise<string | undefined> => {
  try {
    await using _open = await openLayers(base);
    return undefined;
  } catch (error) {
    if (error instanceof Fault && error.facts.saw !== undefined) return error.facts.saw;
    throw error;
  }
};

/**
 * Throws `disk_failed` where a disk that is said to stand on its own has an image beneath it by its header: read without that it would
 * be another disk.
 */
export const checkAlone = async ({ path, format }: Pick<BaseImage, 'path' | 'format'>): Promise<void> => {
  if (format !== 'qcow2') return;
  // The program that reads it says that it is missing.
  const found = await unlessErrno(openRegular(path, 'read'), 'ENOENT');
  if (found === undefined) return;
  const { handle } = found;
  try {
    const header = await readQcow2Header(handle);
    if (header === undefined || 'why' in header || header.backing === undefined) return;
    refuse(path, `lies over "${header.backing.name}", and was to be read without that`);
  } finally {
    await handle.close();
  }
};
