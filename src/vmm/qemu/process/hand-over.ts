/** The files of a machine, opened by imaged and given to QEMU as descriptors: QEMU learns no name of the host. */

import { constants } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cleanupStack } from '../../../base/cleanup.ts';
import { Fault } from '../../../base/fault.ts';
import type { DiskFormat } from '../../../base/hardware.ts';
import type { MachineSpec } from '../../types.ts';
import { checkAlone, openLayers } from '../layers.ts';
import { kernelFiles } from '../names.ts';
import { openRegular } from '../open-regular.ts';

/** A file by the number under which QEMU finds it, /dev/fdset/N. */
export type HandedFile = { readonly set: number; readonly format: DiskFormat };

export type Handed = {
  /** Each with the images beneath it, the nearest first. */
  readonly disks: readonly (HandedFile & { readonly layers: readonly HandedFile[] })[];
  readonly cdrom?: HandedFile;
  readonly cdOfFiles?: HandedFile;
  readonly seed?: HandedFile;
  readonly floppy?: HandedFile;
  readonly firmware?: { readonly code: HandedFile; readonly variables: HandedFile };
};

/** What a machine is made of, with the files of its firmware. */
type Given = Pick<MachineSpec, 'disks' | 'cdrom' | 'cdOfFiles' | 'floppy'> & {
  readonly firmware?: { readonly code: string; readonly variables: string } | undefined;
};

export type HandOver = AsyncDisposable & {
  readonly handed: Handed;
  /** In the order of their numbers, which begin at 1. */
  readonly fds: readonly number[];
};

const unopened = (path: string, cause: unknown): Fault =>
  cause instanceof Fault
    ? cause
    : new Fault(
        'hypervisor_failed',
        `${path} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
        { path },
        { cause },
      );

const opened = (path: string, access: 'read' | 'write') =>
  openRegular(path, access).catch((error: unknown) => {
    throw unopened(path, error);
  });

/** `seed` is the image for cloud-init. Throws `hypervisor_failed`, `disk_failed`. */
export const handOver = async (
  { disks, cdrom, cdOfFiles, floppy, firmware }: Given,
  seed?: string,
): Promise<HandOver> => {
  const open = cleanupStack();
  const fds: number[] = [];
  const number = (fd: number, format: DiskFormat): HandedFile => ({ set: fds.push(fd), format });
  const one = async (path: string, access: 'read' | 'write', format: DiskFormat) => {
    const { handle } = await opened(path, access);
    open.defer(() => handle.close());
    return number(handle.fd, format);
  };
  const medium = (path: string | undefined) => (path === undefined ? undefined : one(path, 'read', 'raw'));
  try {
    const handedDisks: Handed['disks'][number][] = [];
    for (const { path, format, base } of disks) {
      const disk = await one(path, 'write', format);
      if (base === undefined) await checkAlone({ path, format });
      const { layers } = base === undefined ? { layers: [] } : open.keep(await openLayers(base));
      handedDisks.push({ ...disk, layers: layers.map(({ handle, format }) => number(handle.fd, format)) });
    }
    const [disc, diskette, seeds, own] = [await medium(cdrom), await medium(floppy), await medium(seed), await medium(cdOfFiles)]; // prettier-ignore
    const uefi = firmware && {
      code: await one(firmware.code, 'read', 'raw'),
      variables: await one(firmware.variables, 'write', 'raw'),
    };
    const handed = {
      disks: handedDisks,
      ...(disc === undefined ? {} : { cdrom: disc }),
      ...(diskette === undefined ? {} : { floppy: diskette }),
      ...(seeds === undefined ? {} : { seed: seeds }),
      ...(uefi === undefined ? {} : { firmware: uefi }),
      ...(own === undefined ? {} : { cdOfFiles: own }),
    };
    return { handed, fds, [Symbol.asyncDispose]: () => open[Symbol.asyncDispose]() };
  } catch (error) {
    await open[Symbol.asyncDispose]();
    throw error;
  }
};

/** The open file by a name: Linux has one for it, and elsewhere its own has to do. */
const nameOf = (path: string, fd: number): string => (process.platform === 'linux' ? `/proc/self/fd/${fd}` : path);

/**
 * Copies kernel and ramdisk under fixed names into a folder, where QEMU reads them: it opens both by name, and takes a
 * comma in the ramdisk's for the beginning of another file's when the kernel is a multiboot image.
 */
export const copyKernel = async ({ boot }: MachineSpec, folder: string): Promise<void> => {
  for (const [from, name] of [
    [boot.kernel, kernelFiles.kernel],
    [boot.initrd, kernelFiles.initrd],
  ] as const) {
    if (from === undefined) continue;
    const { handle } = await opened(from, 'read');
    try {
      const to = join(folder, name);
      await copyFile(nameOf(from, handle.fd), to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      await chmod(to, 0o444);
    } finally {
      await handle.close();
    }
  }
};
