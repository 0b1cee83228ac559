import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Extract, ExtractEvents } from 'tar-stream';
import { Fault } from '../base/fault.ts';
import { entryPath, foldersAbove } from './entry-path.ts';
import { ParseError } from '../base/text/parse-error.ts';
import type { Behind } from './behind.ts';

export type UnpackLimits = {
  /** Files and folders together. */
  readonly files: number;
  /** Of all files, unpacked. */
  readonly bytes: number;
  /** Folders above a file; default 32. */
  readonly depth?: number;
  /** Of single files, by path. */
  readonly fileBytes?: Readonly<Record<string, number>>;
};

/** What was unpacked: a folder, or a file with its mode and the SHA-256 of its bytes, by path. */
export type Unpacked = Map<
  string,
  'folder' | { readonly mode: 0o600 | 0o700; readonly sha256: string; readonly bytes: number }
>;

type Entry = ExtractEvents['entry'][1];

const kinds: Readonly<Record<string, string>> = {
  link: 'is a hard link: send the file itself',
  symlink: 'is a symbolic link: send the file itself (tar -h)',
  'character-device': 'is a device',
  'block-device': 'is a device',
  fifo: 'is a named pipe',
};

const makeFolder = async (path: string, folder: string, unpacked: Unpacked) => {
  const there = unpacked.get(path);
  if (there === 'folder') return;
  if (there !== undefined) throw new ParseError(`needs a folder where the file ${JSON.stringify(path)} is`);
  await mkdir(join(folder, path), { mode: 0o700 });
  unpacked.set(path, 'folder');
};

export type Unpacking = {
  readonly folder: string;
  readonly limits: UnpackLimits;
  /** Whether it is flushed to the disk. */
  readonly lasts: boolean;
  readonly unpacked: Unpacked;
  readonly behind: Behind;
};

/** Writes a file, and gives what is left to do with it. */
const writeFile = async (entry: Entry, path: string, { folder, lasts, unpacked, limits }: Unpacking) => {
  const { fileBytes = {} } = limits;
  const most = (Object.hasOwn(fileBytes, path) ? fileBytes[path] : undefined) ?? Infinity;
  const mode = ((entry.header.mode ?? 0) & 0o111) === 0 ? 0o600 : 0o700;
  const hash = createHash('sha256');
  let bytes = 0;
  const { size } = entry.header;
  // By its header: nothing of it is written, and nothing behind it is read.
  if (size > most)
    throw new Fault(
      'too_large',
      `In the archive, ${path} has ${size} bytes, which is more than the ${most} that are read.`,
      { most },
    );
  const file = await open(join(folder, path), 'wx', mode);
  try {
    for await (const chunk of entry) {
      // tar-stream's entries give Buffers; its types do not say so.
      const part = chunk as Uint8Array;
      hash.update(part);
      bytes += part.length;
      await file.writeFile(part);
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  unpacked.set(path, { mode, sha256: hash.digest('hex'), bytes });
  return async () => {
    try {
      if (lasts) await file.datasync();
    } finally {
      await file.close();
    }
  };
};

const unpackEntry = async (entry: Entry, unpacking: Unpacking) => {
  const { folder, limits, unpacked, behind } = unpacking;
  const { name, type } = entry.header;
  const kind = kinds[String(type)];
  if (kind !== undefined) throw new ParseError(kind);
  if (type !== 'file' && type !== 'contiguous-file' && type !== 'directory')
    throw new ParseError('is of a kind that is not taken');
  const path = entryPath(name, limits.depth ?? 32);
  for (const above of foldersAbove(path)) await makeFolder(above, folder, unpacked);
  if (type === 'directory') {
    if (path !== '') await makeFolder(path, folder, unpacked);
    entry.resume();
    return;
  }
  if (path === '') throw new ParseError('is a file without a name');
  if (unpacked.has(path)) throw new ParseError('is in the archive twice');
  await behind.begin(() => writeFile(entry, path, unpacking));
};

/**
 * Writes an archive's files below a folder as they come. Nothing but plain files and folders is made, so there is no
 * link to follow. Throws `context_invalid` with the name of the entry, or `too_large`.
 */
export const unpackEntries = async (archive: Extract, unpacking: Unpacking): Promise<void> => {
  const { limits, unpacked } = unpacking;
  for await (const entry of archive) {
    try {
      await unpackEntry(entry, unpacking);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      const name = entry.header.name.slice(0, 200);
      throw new Fault(
        'context_invalid',
        `In the archive, ${JSON.stringify(name)} ${error.message}.`,
        { entry: name },
        { cause: error },
      );
    }
    if (unpacked.size > limits.files)
      throw new Fault('too_large', `The archive has more than ${limits.files} files and folders: send less`, {
        mostFiles: limits.files,
      });
  }
};
