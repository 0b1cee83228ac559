/** Digests of the files that go into keys. A file is read once for as long as it has the same stamp. */

import { createHash } from 'node:crypto';
import { open, opendir, readlink, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { bounds } from '../../base/bounds.ts';
import { isErrno } from '../../base/errno.ts';
import { readQcow2Header } from '../../base/qcow2-header.ts';
import { eachBlock } from '../../image/each-block.ts';

/** What is known of a file: its digest over content and mode, and which of the names stand in it. */
export type ReadDigest = { readonly digest: string; readonly names: readonly string[] };

export type FileDigests = {
  /** Of a file, or of a folder with all below it. Throws the error of the file system. */
  readonly read: (path: string, signal: AbortSignal) => Promise<ReadDigest>;
  /** Of an image with all images beneath it. Throws likewise. */
  readonly readImage: (path: string, signal: AbortSignal) => Promise<ReadDigest>;
  /** The same digests for a caller who may not wait long: they throw a `NotRead` where more is to be read than so many bytes. */
  readonly within: (bytes: number) => Pick<FileDigests, 'read' | 'readImage'>;
};

/** A file was not read: for that would take more than the caller has allowed, or for its content is elsewhere. */
export class NotRead extends Error {
  override readonly name = 'NotRead';
  readonly why: 'too much' | 'elsewhere';

  constructor(why: 'too much' | 'elsewhere', message: string) {
    super(message);
    this.why = why;
  }
}

/** What may be read still; each file counts with its size, and with what looking at it costs. */
type Budget = { left: number };

// Opening a file and asking for its stamp takes about as long as reading so much.
const bytesOfLooking = 4096;

const spend = (budget: Budget | undefined, bytes: number): void => {
  if (budget === undefined) return;
  budget.left -= bytes;
  if (budget.left < 0) throw new NotRead('too much', 'it takes long to read, and was not read lately');
};

type Known = ReadDigest & { readonly stamp: string };

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

/** What stands in the row of a folder for one of its entries: kind, name, and what it is. */
type Row = readonly [kind: string, name: string, what: string];

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o7777).toString(8);

/** What there is in a folder, whatever its order on the disk. */
const readFolder = async (
  path: string,
  readFile: (path: string, signal: AbortSignal) => Promise<ReadDigest>,
  signal: AbortSignal,
): Promise<ReadDigest> => {
  const rows: Row[] = [['folder', '', await modeOf(path)]];
  const found = new Set<string>();
  for await (const entry of await opendir(path, { recursive: true })) {
    signal.throwIfAborted();
    const file = join(entry.parentPath, entry.name);
    const name = relative(path, file);
    if (entry.isSymbolicLink()) rows.push(['link', name, await readlink(file)]);
    else if (entry.isDirectory()) rows.push(['folder', name, await modeOf(file)]);
    else if (entry.isFile()) {
      const read = await readFile(file, signal).catch((error: unknown) => {
        // What the daemon may not read no guest gets either.
        if (!isErrno(error, 'EACCES')) throw error;
        return { digest: 'cannot be read', names: [] };
      });
      rows.push(['file', name, read.digest]);
      for (const one of read.names) found.add(one);
    } else rows.push(['other', name, '']);
  }
  const lines = rows.map((row) => JSON.stringify(row)).sort();
  return { digest: createHash('sha256').update(lines.join('\n')).digest('hex'), names: [...found] };
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

  const readOpen = async (path: string, file: FileHandle, signal: AbortSignal, budget?: Budget) => {
    spend(budget, bytesOfLooking);
    const facts = await file.stat({ bigint: true });
    const stamp = [facts.dev, facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs, facts.mode].join(' ');
    const before = known.get(path);
    if (before?.stamp === stamp) return before;
    spend(budget, Number(facts.size));
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

  const readFile = async (path: string, signal: AbortSignal, budget?: Budget): Promise<ReadDigest> => {
    await using file = await open(path, 'r');
    return await readOpen(path, file, signal, budget);
  };

  const readImage = async (path: string, signal: AbortSignal, depth: number, budget?: Budget): Promise<ReadDigest> => {
    await using file = await open(path, 'r');
    const own = await readOpen(path, file, signal, budget);
    const header = await readQcow2Header(file).catch(() => undefined);
    if (header === undefined || 'why' in header) return own;
    if (header.hasDataFile) throw new NotRead('elsewhere', 'it has its data in another file');
    if (header.backing === undefined) return own;
    if (depth === 0) throw new Error(`${path} has more images beneath it than a machine can have`);
    const beneath = await readImage(resolve(dirname(path), header.backing.name), signal, depth - 1, budget);
    return { digest: createHash('sha256').update(`${own.digest} ${beneath.digest}`).digest('hex'), names: own.names };
  };

  const readers = (budget?: Budget): Pick<FileDigests, 'read' | 'readImage'> => ({
    read: async (path, signal) =>
      (await stat(path)).isDirectory()
        ? readFolder(path, (file, asked) => readFile(file, asked, budget), signal)
        : readFile(path, signal, budget),
    readImage: (path, signal) => readImage(path, signal, mostBeneath, budget),
  });

  return { ...readers(), within: (bytes) => readers({ left: bytes }) };
};
