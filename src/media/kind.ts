import { open } from 'node:fs/promises';
import { readQcow2Header } from '../base/qcow2-header.ts';

export const mediumKinds = ['folder', 'qcow2', 'iso', 'elf', 'disk', 'file'] as const;

/** What a file is by its first bytes; `disk`: it has a boot sector, `elf`: a kernel, as likely as not; `file`: none of these. */
export type MediumKind = (typeof mediumKinds)[number];

// ECMA-119, 8: the first volume descriptor stands in sector 16, behind one byte for its type.
const isoAt = 16 * 2048 + 1;

/** Judges a file by its header. */
export const kindOfFile = async (path: string): Promise<MediumKind> => {
  await using file = await open(path);
  if ((await file.stat()).isDirectory()) return 'folder';
  if ((await readQcow2Header(file)) !== undefined) return 'qcow2';
  const text = async (at: number, length: number) => {
    const bytes = Buffer.alloc(length);
    await file.read(bytes, 0, length, at);
    return bytes.toString('latin1');
  };
  if ((await text(isoAt, 5)) === 'CD001') return 'iso';
  if ((await text(0, 4)) === '\x7fELF') return 'elf';
  return (await text(510, 2)) === '\x55\xaa' ? 'disk' : 'file';
};
