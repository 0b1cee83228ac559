/** Digests of the files that go into keys. A file is read once for as long as it has the same stamp. */

import { createHash } from 'node:crypto';
import { open, opendir, readlink, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { bounds } from '../../base/bounds.ts';
import { readQcow2Header } from '../../base/qcow2-header.ts';
import { eachBlock } from '../../image/each-block.ts';

/** What is known of a file: its digest over content and mode, and which of the names stand in it. */
export type Read = { readonly digest: string; readonly names: readonly string[] };

export type FileDigests = {
  /** Of a file, or of a folder with all below it. Throws the error of the file system. */
  readonly read: (path: string, signal: AbortSignal) => Promise<Read>;
  /** Of an image with all images beneath it. Throws likewise. */
  readonly readImage: (path: string, signal: AbortSignal) => Promise<Read>;
};

type Known = Read & { readonly stamp: string };

// Of a clock that is coarser than a write: what was changed so lately may be changed again under the same stamp.
const settledMs = 2_000;

const mostBeneath = 16;

/** Finds names in bytes that come in blocks, each name shorter than a block. */
const nameFinder = (names: readonly string[]) => {
  const left = new Set(names);
  const longest = Math.max(0, ...names.map(({ length }) => length));
  let end = Buffer.alloc(0);
  return {
    see: (block: Buffer) => {
      if (left.size === 0) return;
      const joined = Buffer.concat([end, block.subarray(0, longest)]);
      for (const name of left) if (block.includes(name) || joined.includes(name)) left.delete(name);
      end = Buffer.from(block.subarray(-longest));
    },
    found: () => names.filter((name) => !left.has(name)),
  };
};

/** What there is in a folder, whatever its order on the disk. */
const readFolder = async (
  path: string,
  readFile: (path: string, signal: AbortSignal) => Promise<Read>,
  signal: AbortSignal,
): Promise<Read> => {
  const rows: string[] = [];
  const found = new Set<string>();
  for await (const entry of await opendir(path, { recursive: true })) {
    const file = join(entry.parentPath, entry.name);
    const name = relative(path, file);
    if (entry.isSymbolicLink()) rows.push(`link ${name}\n${await readlink(file)}`);
    else if (entry.isDirectory()) rows.push(`folder ${name} ${((await stat(file)).mode & 0o777).toString(8)}`);
    else if (entry.isFile()) {
      const read = await readFile(file, signal).catch((error: unknown) => {
        if (signal.aborted) throw error;
        return { digest: 'cannot be read', names: [] };
      });
      rows.push(`file ${name} ${read.digest}`);
      for (const one of read.names) found.add(one);
    }
  }
  return { digest: createHash('sha256').update(JSON.stringify(rows.sort())).digest('hex'), names: [...found] };
};

/** `names` are looked for in every file. */
export const makeFileDigests = (names: readonly string[], now: () => number): FileDigests => {
  const known = new Map<string, Known>();

  const remember = (path: string, entry: Known) => {
    known.delete(path);
    known.set(path, entry);
    for (const oldest of known.keys()) {
      if (known.size <= bounds.keptDigests) break;
      known.delete(oldest);
    }
  };

  const readOpen = async (path: string, file: FileHandle, signal: AbortSignal): Promise<Read> => {
    const facts = await file.stat({ bigint: true });
    const stamp = [facts.dev, facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs, facts.mode].join(' ');
    const before = known.get(path);
    if (before?.stamp === stamp) return before;
    const hash = createHash('sha256').update(`${(facts.mode & 0o777n).toString(8)}\n`);
    const finder = nameFinder(names);
    await eachBlock(file, signal, (block) => {
      hash.update(block);
      finder.see(block);
    });
    const read = { digest: hash.digest('hex'), names: finder.found() };
    if (now() - Number(facts.ctimeMs) > settledMs) remember(path, { ...read, stamp });
    return read;
  };

  const readFile = async (path: string, signal: AbortSignal): Promise<Read> => {
    await using file = await open(path, 'r');
    return await readOpen(path, file, signal);
  };

  const readImage = async (path: string, signal: AbortSignal, depth: number): Promise<Read> => {
    await using file = await open(path, 'r');
    const own = await readOpen(path, file, signal);
    const header = await readQcow2Header(file).catch(() => undefined);
    if (header === undefined || 'why' in header || header.backing === undefined) return own;
    if (depth === 0) throw new Error(`${path} has more images beneath it than a machine can have`);
    const beneath = await readImage(resolve(dirname(path), header.backing.name), signal, depth - 1);
    return { digest: createHash('sha256').update(`${own.digest} ${beneath.digest}`).digest('hex'), names: own.names };
  };

  return {
    read: async (path, signal) =>
      (await stat(path)).isDirectory() ? readFolder(path, readFile, signal) : readFile(path, signal),
    readImage: (path, signal) => readImage(path, signal, mostBeneath),
  };
};
